#!/bin/sh
# Finds a Chromium for the browser tests, or installs Debian's where that is possible.
set -eu
for candidate in "${CHROMIUM_PATH:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
    AS=""
    if [ "$(id -u)" -ne 0 ]; then
        if sudo -n true 2>/dev/null; then AS="sudo -n"; else echo "No Chromium, and no right to install it: the browser tests will be left out." >&2; exit 0; fi
    fi
    echo "Installing Chromium for the browser tests…"
    $AS apt-get -o DPkg::Lock::Timeout=120 update -qq >/dev/null
    $AS apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends chromium fonts-wqy-zenhei >/dev/null
    exit 0
fi
echo "No Chromium and no apt-get: the browser tests will be left out." >&2
