#!/usr/bin/env bash
# Pushes the standard's example with curl and openssl only (docs/exchange-protocol.md §3, profile rsa).
# usage: push.sh URL appID secret public.pem
set -euo pipefail
url=$1 app=$2 secret=$3 key=$4
data='[{"districtCode":"210102","districtName":"和平区","area":59.72,"gridCount":3797,"dutyGridCount":119,"statisticalTime":"2019-04-19 12:00:00"}]'
timestamp=$(date +%s)

hash() { printf %s "$1" | openssl dgst -sha256 -r | cut -d' ' -f1; }

canonical=$(printf '%s\n' pushdata "appID=$(hash "$app")" "data=$(hash "$data")" "group=$(hash basic)" \
  "table=$(hash part)" "timestamp=$(hash "$timestamp")")
digest=$(printf %s "$canonical" | openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)
sign=$(printf %s "$digest" | openssl pkeyutl -encrypt -pubin -inkey "$key" -pkeyopt rsa_padding_mode:oaep \
  -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 | openssl base64 -A)

curl -sS "$url/eUrbanMIS/api/v1/pushdata" --data-urlencode group=basic --data-urlencode table=part \
  --data-urlencode "data=$data" --data-urlencode "appID=$app" --data-urlencode "timestamp=$timestamp" \
  --data-urlencode "sign=$sign"
echo
