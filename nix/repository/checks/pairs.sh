# shellcheck shell=bash disable=SC2154 # pairs.nix assigns keypair and nginx
# A case is a folder with localhost.crt and localhost.key, made from pairs that OpenSSL makes.
set -eu
work=$PWD

wrong() { # TEXT
  echo "pairs: $case: $1" >&2
  sed 's/^/  keypair: /' "$work/output" >&2
  sed 's/^/  nginx: /' "$work/nginx-output" >&2
  exit 1
}

# openssl tells of its progress; it is shown when there is none.
quietly() { "$@" 2> "$work/quiet" || { cat "$work/quiet" >&2; exit 1; }; }

# Whether nginx takes the files as they are.
serves() { # CHAIN KEY
  rm -f "$work/socket"
  cat > "$work/nginx.conf" <<END
error_log stderr;
pid $work/pid;
events {}
http {
  access_log off;
  client_body_temp_path $work/temp/body;
  proxy_temp_path $work/temp/proxy;
  fastcgi_temp_path $work/temp/fastcgi;
  uwsgi_temp_path $work/temp/uwsgi;
  scgi_temp_path $work/temp/scgi;
  server { listen unix:$work/socket ssl; ssl_certificate $1; ssl_certificate_key $2; }
}
END
  "$nginx" -t -q -e stderr -c "$work/nginx.conf" < /dev/null 2> "$work/nginx-output"
}

# Asks both; whatever the case is, nginx has to take what keypair takes, and what it hands over.
ask() { # NAME
  case=$1
  taken=false served=false
  rm -rf "$work/to" && mkdir "$work/to"
  if "$keypair" --from "$work/from" --to "$work/to" --owner "$(id -u):$(id -g)" > "$work/output" 2>&1; then taken=true; fi
  if serves "$work/from/localhost.crt" "$work/from/localhost.key"; then served=true; fi
  "$taken" || { [ "$(wc -l < "$work/output")" = 1 ] || wrong "one sentence is expected"; return 0; }
  "$served" || wrong "keypair takes what nginx does not"
  serves "$work/to/tls.crt" "$work/to/tls.key" || wrong "nginx does not take what keypair hands over"
}

count=0
# The verdicts: `both` take it, `neither` does, or keypair alone is `stricter`.
expect() { # both|neither|stricter NAME CHAIN KEY WORDS
  cp "$3" "$work/from/localhost.crt"
  cp "$4" "$work/from/localhost.key"
  ask "$2"
  case $1:$taken:$served in
    both:true:true | neither:false:false | stricter:false:true) ;;
    *) wrong "$1 is expected, keypair takes it: $taken, nginx: $served" ;;
  esac
  grep -qF -- "$5" "$work/output" || wrong "keypair has to say: $5"
  count=$((count + 1))
}

req() { # NAME ISSUER|- EXTENSION...
  local name=$1 issuer=$2 more=()
  shift 2
  [ "$issuer" = - ] || more=(-CA "$issuer.crt" -CAkey "$issuer.key")
  for extension; do more+=(-addext "$extension"); done
  quietly openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 90 -subj "/CN=$name" \
    -keyout "$name.key" -out "$name.crt" "${more[@]}"
}
self() { quietly openssl req -x509 -days 90 -subj /CN=self -key "$1" -out "$2" -addext "$host" -addext "$leaf"; } # KEY CHAIN

mkdir from temp
