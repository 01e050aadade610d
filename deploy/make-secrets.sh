#!/bin/sh
# Makes the files that docker-compose.yml hands to the containers. Never replaces one that is there.
#   sh deploy/make-secrets.sh [folder]
# As root the files belong to root and to the program's group, and to nobody else.
set -eu
folder="${1:-$(dirname "$0")/secrets}"
group=10001
umask 077
mkdir -p "$folder"

random() {
    head -c 256 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9_-' | head -c "$1"
    head -c 256 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9_-' | head -c "$1"
}

make() {
    path="$folder/$1"
    if [ ! -e "$path" ]; then
        random "$2" > "$path"
        echo "made $path"
    fi
}

make secret_key 40
make postgres_password 20
make metrics_token 20
if [ ! -e "$folder/email_url" ]; then
    : > "$folder/email_url"
    echo "fill in $folder/email_url, like smtp+tls://user:password@smtp.example.com:587"
fi
chmod 440 "$folder"/*
if [ "$(id -u)" = 0 ]; then
    chown "root:$group" "$folder"/*
    chmod 750 "$folder"
else
    echo "run this as root, or give the files to group $group, so that the program can read them"
fi
