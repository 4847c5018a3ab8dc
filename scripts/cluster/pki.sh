#!/usr/bin/env bash
# Makes the keys of a cluster, for 127.0.0.1 and for ten years; what is there already is kept.
#
#   pki.sh DIR authority
#   pki.sh DIR certificate NAME SUBJECT ALTERNATIVE_NAMES    such as: apiserver /CN=kube-apiserver IP:127.0.0.1
#   pki.sh DIR service-accounts                              the keys that tokens of service accounts are signed with
#
# Clients that verify strictly (Python from 3.13 on) want the key usage and both key identifiers.
set -euo pipefail
umask 077
dir=$1 what=$2
shift 2
mkdir -p "$dir"
cd "$dir"
days=3650

elliptic_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

authority() {
    [[ ! -f ca.crt ]] || return 0
    elliptic_key ca.key
    openssl req -x509 -new -key ca.key -subj /CN=alpha-panda-cluster -days $days -out ca.crt \
        -addext keyUsage=critical,keyCertSign,cRLSign
}

certificate() {
    local name=$1 subject=$2 names=$3
    [[ ! -f $name.crt ]] || return 0
    elliptic_key "$name.key"
    openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
    printf '%s\n' "subjectAltName=$names" extendedKeyUsage=serverAuth,clientAuth keyUsage=critical,digitalSignature \
        subjectKeyIdentifier=hash authorityKeyIdentifier=keyid >"$name.extensions"
    openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days $days -extfile "$name.extensions" \
        -out "$name.crt.part"
    # The certificate appears last and at once: where it is, all is.
    mv "$name.crt.part" "$name.crt"
    rm "$name.csr" "$name.extensions"
}

service_accounts() {
    [[ ! -f service-accounts.pub ]] || return 0
    openssl genrsa -out service-accounts.key 2048
    openssl rsa -in service-accounts.key -pubout -out service-accounts.pub
}

case $what in
authority) authority ;;
certificate) certificate "$@" ;;
service-accounts) service_accounts ;;
*) echo "pki.sh: authority, certificate or service-accounts, not $what" >&2 && exit 2 ;;
esac 2>openssl.log || { cat openssl.log >&2 && exit 1; }
