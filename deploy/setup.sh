#!/bin/sh
# Set up .venv with the packages of a lock file: sh deploy/setup.sh requirements.lock
# Run in the project's folder. PYTHON chooses the interpreter.
set -eu
lock=$1

able() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    seen=
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        able "$candidate" || continue
        seen=$candidate
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    if [ "$seen" ]; then
        echo "$seen thiếu mô-đun venv · lacks the venv module: apt-get install python3-venv" >&2
    else
        echo "Cần Python 3.11 trở lên · Python 3.11 or newer is needed: apt-get install python3" >&2
    fi
    return 1
}

# A virtual environment knows its own path, so one that was moved or half made is made anew.
usable() {
    [ "$(cat .venv/place 2>/dev/null)" = "$PWD" ] && able .venv/bin/python &&
        .venv/bin/python -m pip --version >/dev/null 2>&1
}

if ! usable; then
    python=$(find_python)
    echo "Tạo .venv · Making .venv ($("$python" --version))"
    "$python" -m venv --clear .venv
    printf '%s\n' "$PWD" >.venv/place
fi

echo "Cài các gói trong · Installing the packages of $lock"
pip() {
    .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"
}
pip install --require-hashes -r "$lock"
pip install --quiet --no-deps --no-build-isolation --editable .
