"""`components.py FILE...`: whether CycloneDX's and SPDX's own libraries take what is in the files."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def wrong(name):
    if name.endswith(".cdx.json"):
        with open(name, encoding="utf-8") as file:
            found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
        return [] if found is None else [str(found)]
    return [found.validation_message for found in validate_full_spdx_document(parse_file(name))]


found = [f"{name}: {sentence}" for name in sys.argv[1:] for sentence in wrong(name)]
print(*found, sep="\n", file=sys.stderr)
sys.exit(bool(found))
