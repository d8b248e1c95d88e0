# How every step of the bootstrap speaks, and how it asks for a system package.
say() { printf '\033[1m· %s\033[0m\n' "$*"; }

# need_packages NAME...  installs Debian/Ubuntu packages, or prints the one command to run and stops.
need_packages() {
    if [ "$(id -u)" = 0 ]; then run=""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then run="sudo"
    else
        printf '\nThis machine lacks: %s\nI may not install system packages here. Please run this one command, then try again:\n\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' "$*" "$*" >&2
        exit 1
    fi
    say "installing system packages: $* (a minute, once)"
    log=$(mktemp)
    if ! { $run env DEBIAN_FRONTEND=noninteractive apt-get update -qq && $run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        printf '\nThe package manager failed on: %s (its words are above). Nothing else was changed; mend its sources and try again.\n' "$*" >&2
        exit 1
    fi
    rm -f "$log"
}
