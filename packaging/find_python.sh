# Prints the first Python that segdesk can use; says in one sentence where there is none.
# `make PYTHON=/path/to/python …` puts another one first.
set -u
seen=""
for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case "$version" in
        3.11 | 3.12 | 3.13)
            command -v "$python"
            exit 0
            ;;
    esac
    seen="$seen $python is $version;"
done
echo "segdesk needs Python 3.11, 3.12 or 3.13 and none was found (${seen:- no python3 at all;} on Debian and Ubuntu: apt-get install python3)." >&2
exit 1
