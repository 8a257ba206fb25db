#!/usr/bin/env bash
# ./run.sh                the tour: installs what is needed, trains, is interrupted, goes on, writes a report (2 min.)
# ./run.sh hw08 [flags]   one homework; --help lists its flags, --smoke runs it in a minute or two on stand-in data
# ./run.sh data NAME      downloads a data set: cifar10 cifar100 mnist fashion-mnist housing doodles all
# ./run.sh data dogs      makes the one of hw11 of CIFAR-10, or of your own pictures: --from DIR
# ./run.sh board [DIR]    VisualDL on runs/ (or DIR)
# ./run.sh play [DIR]     a page to draw on, and to drop pictures on: the networks of runs/ (or DIR) guess
# ./run.sh doctor         what this machine has: Python, Paddle, threads, data sets, room on the disk
# ./run.sh test [ARGS]    the tests
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
words="${OMP_NUM_THREADS:+OMP_NUM_THREADS=$OMP_NUM_THREADS }./run.sh$([ $# -eq 0 ] || printf ' %q' "$@")"
words=${words//\\,/,} # %q guards commas, which only braces would ask for
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}" PADDLE_COURSE_COMMAND="$words"
export PYTHONSAFEPATH=1 # else a random.py in the folder one stands in would be imported (Python 3.11 and later)

course() { # runs Python as install.py finds or makes it
    local python
    command -v python3 > /dev/null || { echo "error: there is no python3 here: install Python 3.10 to 3.13" >&2; exit 2; }
    python=$(python3 "$here/paddle_course/install.py") || exit
    exec "$python" "$@"
}

name=${1:-tour}
[ $# -eq 0 ] || shift
case "$name" in
    tour) course "$here/homework/tour.py" "$@" ;;
    hw[0-9][0-9])
        scripts=("$here/homework/${name}"_*.py)
        [ -e "${scripts[0]}" ] || { echo "error: no homework is called $name: ./run.sh --help" >&2; exit 2; }
        course "${scripts[0]}" "$@" ;;
    data) course -m paddle_course.readers.download "$@" ;;
    board) course -m paddle_course.training.board "$@" ;;
    play) course -m paddle_course.play.server "$@" ;;
    doctor) course -m paddle_course.doctor "$@" ;;
    test) cd "$here" && course -m pytest "$@" ;;
    -h | --help | help) grep '^# ' "$0" | cut -c3- ;;
    *) echo "error: '$name' is not a command: ./run.sh --help" >&2; exit 2 ;;
esac
