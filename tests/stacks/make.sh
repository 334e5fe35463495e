#!/usr/bin/env bash
# Make an environment for the test suite: tests/stacks/make.sh STACK FOLDER
#
# STACK: cluster or minimum, by the versions in tests/stacks/STACK.txt.
# OPS=no (cluster): mmcv-lite and a stand-in instead of compiling mmcv.
# PYTHON: the interpreter; by default that of the first line of STACK.txt.
# WHEELS: where the compiled mmcv is kept, for the next time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
stack=$1
folder=$2
pins=$here/$stack.txt
[ -f "$pins" ] || { echo "No stack $stack: cluster, minimum" >&2; exit 1; }
wanted=$(sed -n '1s/^# python //p' "$pins")
pyenv=$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$wanted".* 2>/dev/null |
	tail -1)
python=${PYTHON:-${pyenv:+$pyenv/bin/}python$wanted}
check="import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')"
"$python" -c "$check" || {
	echo "$stack needs Python $wanted: make test-stack STACK=$stack PYTHON=path" >&2
	exit 1
}
pin() { sed -n "s/^$1==\([^ ;]*\).*/\1/p" "$pins"; }
say() { echo "[$stack] $*"; }

rm -rf "$folder"
"$python" -m venv "$folder"
bin=$(cd "$folder/bin" && pwd)
install() {
	"$bin/python" -m pip install --quiet --disable-pip-version-check \
		-c "$pins" "$@"
}
say 'PyTorch: minutes'
install pip setuptools wheel ninja
# Torch by itself: what is built below is built against it.
install torch torchvision numpy

if [ "$(pin mmcv)" ] && [ "${OPS:-yes}" = yes ]; then
	wheels=${WHEELS:-$HOME/.cache/xnet_mm/wheels}/torch$(pin torch)-py$wanted
	if ! ls "$wheels/mmcv-$(pin mmcv)"-*.whl >/dev/null 2>&1; then
		say 'compiling mmcv: about 25 minutes on two cores, once'
		mkdir -p "$wheels"
		build=$(mktemp -d)
		trap 'rm -rf "$build"' EXIT
		# PyTorch 2.1 compiles with what setuptools dropped in 70, and wheel
		# from 0.46 on wants 70.1.
		"$bin/python" -m pip install --quiet --disable-pip-version-check \
			'setuptools<70' 'wheel<0.46'
		# No cache of pip's: it does not know that a wheel of mmcv belongs to
		# one version of PyTorch.
		MMCV_WITH_OPS=1 FORCE_CUDA=0 MAX_JOBS=${MAX_JOBS:-$(nproc)} \
			"$bin/python" -m pip wheel --quiet --no-cache-dir --no-deps \
			--no-build-isolation --wheel-dir "$build" "mmcv==$(pin mmcv)"
		mv "$build"/mmcv-*.whl "$wheels"
		install setuptools wheel
	fi
	install "$wheels/mmcv-$(pin mmcv)"-*.whl
else
	say 'mmcv-lite, with a stand-in for its operators'
	install --no-build-isolation mmcv-lite
	cp "$here/_ext.py" "$(ls -d "$folder"/lib/python*/site-packages/mmcv)"
fi
install mmengine mmsegmentation mmpretrain mmdet ftfy regex opencv-python timm
before=$("$bin/python" -m pip freeze --disable-pip-version-check)
# As a user does, without constraints.
"$bin/python" -m pip install --quiet --disable-pip-version-check "$root"
after=$("$bin/python" -m pip freeze --disable-pip-version-check)
changed=$(diff <(echo "$before") <(echo "$after") | grep '^[<>]' || true)
case $changed in
'> xnet_mm'*) [ "$(echo "$changed" | wc -l)" = 1 ] ;;
*) false ;;
esac || {
	echo "pip install . changed more than one line:" >&2
	echo "$changed" >&2
	exit 1
}
say 'pip install . added xnet_mm and changed nothing else'
install -e "$root[demo,tests,upstream-clients]"
