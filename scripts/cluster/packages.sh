#!/usr/bin/env bash
# Installs Debian's packages whose programs are missing, or prints the line that does: packages.sh WHAT_FOR PROGRAM=PACKAGE…
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
require_packages "$@"
