# shellcheck shell=bash disable=SC2154 # pairs.nix assigns what pairs.sh does not
# The cases: pairs that OpenSSL makes, each changed in one thing.

# A sandbox has no configuration of OpenSSL, and this one adds nothing to a certificate.
export OPENSSL_CONF=$work/openssl.cnf
printf '[req]\ndistinguished_name = name\n[name]\n' > "$OPENSSL_CONF"
ca=basicConstraints=critical,CA:TRUE leaf=basicConstraints=critical,CA:FALSE host=subjectAltName=DNS:localhost
req root - "$ca"
req middle root "$ca"
req leaf middle "$leaf" "$host"
req own - "$leaf" "$host"
cat leaf.crt middle.crt > chain.crt

# Chains.
expect both "a chain" chain.crt leaf.key "handed over"
cat leaf.crt middle.crt root.crt > long.crt
expect both "a chain with its root" long.crt leaf.key "handed over"
expect both "no intermediate" leaf.crt leaf.key "its issuer, CN=middle, is missing"
cat leaf.crt root.crt > gap.crt
expect stricter "a gap" gap.crt leaf.key "its issuer, which is missing"
expect neither "another key" chain.crt own.key "is not the one in"

# Text around and in the blocks.
for name in "leaf.crt middle.crt" "middle.crt leaf.crt" "leaf.crt leaf.key" "leaf.key leaf.crt"; do
  # shellcheck disable=SC2086 # two names
  set -- $name
  { printf %s "$(cat "$1")"; cat "$2"; } > glued
  case $name in
    "leaf.crt "*) expect neither "glued: $name" glued leaf.key "a line end is missing between them" ;;
    "leaf.key "*) expect neither "glued: $name" leaf.crt glued "a line end is missing between them" ;;
    *) expect neither "glued: $name" glued leaf.key "a line end is missing between them" ;;
  esac
done
sed 's/$/\r/' chain.crt > text.crt
sed 's/$/\r\r/' leaf.key > text.key
expect both "CR LF, and more of CR" text.crt text.key "handed over"
sed 's/$/ \t/' chain.crt > text.crt
expect both "blanks at the ends" text.crt leaf.key "handed over"
{ printf '\357\273\277'; cat leaf.crt; printf '\357\273\277'; cat middle.crt; } > text.crt
{ printf '\357\273\277'; cat leaf.key; } > text.key
expect both "UTF-8 with marks" text.crt text.key "handed over"
cmp to/tls.crt chain.crt || wrong "a certificate is lost"
{ echo text; printf '\357\273\277'; cat leaf.crt; } > text.crt
expect neither "a mark after text" text.crt leaf.key "a byte order mark before"
wide() { sed "s/./&\\$1/g; s/\$/\\$1/" | tr "$1" '\000'; } # CHARACTER, FILE on stdin
wide '~' < leaf.crt > text.crt
expect neither "UTF-16" text.crt leaf.key "UTF-16"
{ printf '\377\376'; wide '~' < leaf.key; } > text.key
expect neither "UTF-16 with a mark" leaf.crt text.key "UTF-16"
tr '\n' '\r' < leaf.crt > text.crt
expect neither "CR" text.crt leaf.key "a lone CR"
tr '\n' '\r' < leaf.key > text.key
expect neither "CR in the key" leaf.crt text.key "a lone CR"
sed 's/^/  /' leaf.crt > text.crt
expect neither "blanks before" text.crt leaf.key "blanks before"
tr -d '\n' < leaf.crt > text.crt
expect neither "no line end at all" text.crt leaf.key "a whole block in one line"
sed '1d;$d' leaf.crt > text.crt
expect neither "base64 alone" text.crt leaf.key "the lines -----BEGIN LABEL----- and -----END LABEL----- are missing"
sed '1a Name: value\n' leaf.crt > text.crt
expect neither "a header" text.crt leaf.key "a header in its block"
{ cat leaf.crt; sed 's/^/#/' root.crt; } > text.crt
expect both "a comment" text.crt leaf.key "is missing"
openssl x509 -in own.crt -text > text.crt
expect both "as OpenSSL prints it" text.crt own.key "handed over"

# The same, with each line taken away, doubled, joined to the next, moved, and followed by none.
for name in chain.crt leaf.key; do
  cp chain.crt from/localhost.crt
  cp leaf.key from/localhost.key
  lines=$(wc -l < "$name")
  for line in $(seq "$lines"); do
    for edit in "${line}d" "${line}p" "${line}{N;s/\n//}" "${line}s/^/ /" "${line}s/\$/ x/" "${line}s/./:/" "${line}G"; do
      sed "$edit" "$name" > "from/localhost.${name#*.}"
      ask "sed '$edit' $name"
      count=$((count + 1))
    done
  done
done

# What a file has besides.
openssl req -new -key own.key -subj /CN=own -out own.csr
openssl pkey -in own.key -pubout -out own.pub
openssl crl2pkcs7 -nocrl -certfile own.crt -out own.p7b
openssl ecparam -name secp384r1 -out other.par
cat own.csr own.crt > text.crt
expect both "a request" text.crt own.key "its block CERTIFICATE REQUEST (line 1) is not used"
expect neither "a request alone" own.csr own.key "but a block CERTIFICATE REQUEST (line 1)"
expect neither "PKCS#7" own.p7b own.key "openssl pkcs7 -print_certs"
cat own.key own.crt > text.crt
expect both "a key before the chain" text.crt own.key "its block PRIVATE KEY (line 1) is not used"
cat own.crt own.key own.pub > text.key
expect both "a chain before the key" own.crt text.key "its block CERTIFICATE (line 1) is not used"
grep -qF "its block PUBLIC KEY" output || wrong "the public key is to be named"
expect neither "a public key" own.crt own.pub "the private one is wanted"
openssl x509 -in own.crt -trustout -addtrust serverAuth -out text.crt
expect both "TRUSTED CERTIFICATE" text.crt own.key "handed over"
sed 's/CERTIFICATE/X509 &/' own.crt > text.crt
expect both "X509 CERTIFICATE" text.crt own.key "handed over"
sed 's/CERTIFICATE/certificate/' own.crt > text.crt
expect neither "small letters" text.crt own.key "in capitals"
openssl x509 -in own.crt -outform der -out text.crt
expect neither "a certificate in DER" text.crt own.key "binary"
openssl pkey -in own.key -outform der -out text.key
expect neither "a key in DER" own.crt text.key "binary"
openssl pkcs12 -export -in own.crt -inkey own.key -passout pass: -out text.crt
expect neither "PKCS#12" text.crt own.key "binary"
cat own.key leaf.key > text.key
expect stricter "two keys" own.crt text.key "more than one private key"
openssl pkey -in own.key -aes128 -passout pass:secret -out text.key
expect neither "an encrypted key" own.crt text.key "is encrypted"
quietly openssl ec -in own.key -aes128 -passout pass:secret -out text.key
expect neither "an encrypted key in the old form" own.crt text.key "is encrypted"

# Keys of each kind and form.
for kind in "EC -pkeyopt ec_paramgen_curve:P-384" "RSA -pkeyopt rsa_keygen_bits:2048" "RSA -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_keygen_primes:3"; do
  # shellcheck disable=SC2086 # arguments
  quietly openssl genpkey -algorithm $kind -out text.key
  self text.key text.crt
  expect both "$kind" text.crt text.key "handed over"
  openssl pkey -in text.key -traditional -out old.key
  expect both "$kind in the old form" text.crt old.key "handed over"
done
for kind in "EC -pkeyopt ec_paramgen_curve:P-521" ED25519 "RSA -pkeyopt rsa_keygen_bits:1024" "RSA-PSS -pkeyopt rsa_keygen_bits:2048"; do
  # shellcheck disable=SC2086 # arguments
  quietly openssl genpkey -algorithm $kind -out text.key
  self text.key text.crt
  keypair_says="allowed are RSA"
  case $kind in
    *1024) expect neither "$kind" text.crt text.key "$keypair_says" ;; # OpenSSL's security level
    *) expect stricter "$kind" text.crt text.key "$keypair_says" ;;
  esac
done
openssl ecparam -name prime256v1 -genkey -out text.key
self text.key text.crt
expect both "with its parameters" text.crt text.key "handed over"
cat other.par text.key > old.key
expect both "with those of another" text.crt old.key "does not name the curve"
quietly openssl ec -in text.key -no_public -out old.key
expect both "without its public key" text.crt old.key "handed over"
quietly openssl ec -in text.key -conv_form compressed -out old.key
expect both "with a compressed point" text.crt old.key "handed over"
quietly openssl ec -in text.key -param_enc explicit -out old.key
expect stricter "with its curve in numbers" text.crt old.key "in the place of the curve's name"

# What only clients look at.
for extension in tlsfeature=status_request tlsfeature=status_request_v2 tlsfeature=critical,status_request; do
  req text - "$leaf" "$host" "$extension"
  expect stricter "$extension" text.crt text.key "obliges the server"
done
req text - "$leaf" "$host" 1.2.3.4=critical,DER:0500
expect stricter "a critical extension" text.crt text.key "the critical extension 1.2.3.4"
req text - "$leaf" subjectAltName=DNS:192.0.2.7
expect stricter "an address as a name" text.crt text.key "belongs into an IP entry"

echo "pairs: $count cases"
