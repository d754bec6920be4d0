#!/bin/sh
# Install what the page tests drive: Debian's Chromium and Chinese fonts. Needs root; otherwise says so and goes on.
set -eu
command -v chromium >/dev/null 2>&1 && fc-list 2>/dev/null | grep -q "CJK" && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not root or no apt-get: page tests will skip unless chromium and fonts-noto-cjk are installed" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null
