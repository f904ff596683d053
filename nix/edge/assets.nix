# The folder of assets as the edge serves it: minified, each file named after its
# content, and compressed as well as it goes, once and for all.
{
  lib,
  runCommand,
  brotli,
  esbuild,
  jq,
  zstd,
  # Style sheets, scripts, images and what else the service's pages link to, and
  # perhaps error.html, the page for the edge's own errors; null for none.
  source,
}:
runCommand "assets"
  {
    # The manifest has a line `name-in-the-source served-name` for each file.
    outputs = [
      "out"
      "manifest"
    ];
    nativeBuildInputs = [
      brotli
      esbuild
      jq
      zstd
    ];
  }
  ''
    forms=$out/var/www/assets
    mkdir -p "$forms"/{identity,br,zstd,gzip}
    touch "$manifest"
    ${lib.optionalString (source != null) ''
      cp -r ${source} assets
      chmod -R u+w assets
      cd assets
      find . -type f ! -name '*.html' | cut -c 3- | sort > ../names
      # Whatever is neither style nor script is taken as it is.
      loaders=$(sed -nE '/\.(css|js|mjs|ts)$/d; s/.*(\.[^./]+)$/--loader:\1=copy/p' ../names | sort -u)
      xargs esbuild --bundle --minify --log-level=warning $loaders --outbase=. \
        --entry-names='[dir]/[name]-[hash]' --outdir="$forms/identity" --metafile=../meta.json < ../names
      jq -r --arg to "$forms/identity/" '
        .outputs | to_entries[] | select(.value.entryPoint)
        | "\(.value.entryPoint) \(.key | split("/identity/")[1])"' ../meta.json | sort > "$manifest"
      cut -d ' ' -f 1 "$manifest" | cmp - ../names

      # The one page that is no asset links to assets by the names of the source.
      for page in *.html; do
        [ -e "$page" ] || continue
        while read -r name served; do
          sed -i "s|\"/assets/$name\"|\"/assets/$served\"|g" "$page"
        done < "$manifest"
        grep -o '"/assets/[^"]*"' "$page" | tr -d '"' | while read -r link; do
          [ -e "$forms/identity/''${link#/assets/}" ] || { echo "$page links to $link, which there is not" >&2; exit 1; }
        done
        tr -s ' \n' '  ' < "$page" > "$forms/identity/$page"
      done

      # A form that is not smaller is left out, and so is one of the same length as
      # another: nginx makes the ETag of the length, and two forms are two things.
      cd "$forms/identity"
      compress() { # FILE
        lengths=" $(stat -c %s "$1") "
        for form in br zstd gzip; do
          mkdir -p "$(dirname "../$form/$1")"
          case $form in
            br) brotli --best --stdout "$1" ;;
            zstd) zstd --ultra -22 --no-check --quiet --stdout "$1" ;;
            gzip) gzip -9 --no-name --stdout "$1" ;;
          esac > "../$form/$1"
          length=$(stat -c %s "../$form/$1")
          if [ "$length" -ge "$(stat -c %s "$1")" ] || [[ $lengths == *" $length "* ]]; then
            rm "../$form/$1"
          else
            lengths+="$length "
          fi
        done
      }
      export -f compress
      # Each by itself, so that all cores have some.
      cut -d ' ' -f 2 "$manifest" |
        xargs --no-run-if-empty --delimiter '\n' --max-args 1 --max-procs "$NIX_BUILD_CORES" \
          bash -euo pipefail -c 'compress "$1"' compress
    ''}
  ''
