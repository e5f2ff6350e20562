#!/usr/bin/env bash
# Exports tables of Azure Resource Graph with the Azure CLI; `--help` tells how. Printed by `argql export`.
#
# A table becomes a folder of pages as `az graph query` prints them: export/resources/resources-0001.json and so on. Its
# pages are gathered in a hidden folder, which takes the table's place once all of them are there: whatever happens on
# the way, what was there before stays, and running it again is safe. Bash 3.2 will do; besides az, only POSIX tools run.
set -euo pipefail
export LC_ALL=C

tables=(@TABLES@)
folder='export'
groups=()
subscriptions=()
all_subscriptions=
scope=()

# How often a page is asked for while the service is busy, and when something else went wrong on the way.
patience=10
tries=4

usage() {
    cat <<'END'
Exports tables of Azure Resource Graph with `az graph query`: all pages, each table checked to be complete.

usage: bash export.sh [OPTION]… [TABLE…]

  --management-group NAME   only what is in and beneath this management group; may be given several times
  --subscription ID         only what is in this subscription; may be given several times
  --all-subscriptions       only what is in the subscriptions that `az account list` shows
  --output FOLDER           where to put a folder per table [default: export]
  --help                    this text

Without a scope it is the whole tenant, by way of its root management group. That wants the right to read there; with
narrower rights, name what you may read. Policies that are assigned, and exemptions that are made, at a management
group come along only with that group or one above it: never with subscriptions alone.

Exit codes: 0 all tables complete, 1 a table could not be fetched, 2 usage, or az is missing or not signed in,
3 a table does not have as many rows as Azure says, 130 interrupted.
END
}

say() {
    printf '%s\n' "$*" >&2
}

refuse() {
    say "error: $*"
    exit 2
}

# A field beside the rows of a page. az indents by two, and no string of JSON holds a line end: what is indented by
# just two is no part of a row.
field() {
    tr -d '\r' <"$2" | sed -n "s/^  \"$1\": \(.*[^,]\),*\$/\1/p"
}

# Whether a file is a whole page; notes its rows, its total and the token of the next page.
read_page() {
    local count
    count=$(field count "$1")
    page_total=$(field total_records "$1")
    page_rows=$(grep -c '^    {' "$1" || true)
    page_token=$(field skip_token "$1")
    page_token=${page_token#\"}
    page_token=${page_token%\"}
    if [[ $page_token == null ]]; then page_token=; fi
    [[ $count =~ ^[0-9]+$ && $page_total =~ ^[0-9]+$ && $page_rows -eq $count && $(tail -n 1 "$1") == '}'* ]]
}

# The seconds that az says to wait, if it does: `Retry-After: 17`, `try again after 17 seconds`, `…resets-after: 00:00:05`.
told_to_wait() {
    local time
    time=$(tr '[:upper:]' '[:lower:]' <"$messages" |
        sed -nE '/(retry|again|resets)[- ]after[^0-9]*[0-9]/{s/.*(retry|again|resets)[- ]after[^0-9]*([0-9:]+).*/\2/p;}')
    time=${time%%$'\n'*}
    if [[ $time =~ ^([0-9]+):([0-9]+):([0-9]+)$ ]]; then
        echo $((10#${BASH_REMATCH[1]} * 3600 + 10#${BASH_REMATCH[2]} * 60 + 10#${BASH_REMATCH[3]}))
    elif [[ $time =~ ^[0-9]+$ ]]; then
        echo "$((10#$time))"
    fi
}

# Fetches one page: fetch TABLE FILE TOKEN.
fetch() {
    local try=1 pause=5 limit why told
    local query=(az graph query -q "$1 | order by id asc" --first 1000 -o json ${scope[@]+"${scope[@]}"})
    if [[ -n $3 ]]; then query+=(--skip-token "$3"); fi
    while :; do
        if "${query[@]}" >"$2" 2>"$messages" </dev/null; then
            # az cuts long lists of subscriptions and groups, and only says so.
            if grep -qiE 'only the first|unable to paginate' "$messages"; then
                cat "$messages" >&2
                return 1
            fi
            if read_page "$2"; then return 0; fi
            why='az did not print a whole page'
            limit=$tries
        elif grep -qiE 'RateLimiting|TooManyRequests|too many requests|throttl|(^|[^0-9])429([^0-9]|$)' "$messages"; then
            why='Azure is throttling'
            limit=$patience
        elif grep -qiE 'timed out|timeout|connection|temporar|unavailable|InternalServerError|BadGateway' "$messages"; then
            why='Azure did not answer'
            limit=$tries
        else
            cat "$messages" >&2
            return 1
        fi
        if [[ $try -ge $limit ]]; then
            cat "$messages" >&2
            say "$1: $why, $try times: given up"
            return 1
        fi
        told=$(told_to_wait)
        say "$1: $why, trying again in ${told:-$pause} s"
        sleep "${told:-$pause}"
        try=$((try + 1))
        pause=$((pause * 2 < 60 ? pause * 2 : 60))
    done
}

# Fetches all pages of a table into the folder `part`; notes its rows, total and pages.
fetch_all() {
    local token='' before=''
    rows=0 pages=0 changed=
    rm -rf "$part"
    mkdir -p "$part"
    while :; do
        pages=$((pages + 1))
        fetch "$1" "$part/$1-$(printf %04d "$pages").json" "$token" || return 1
        rows=$((rows + page_rows))
        if [[ -n $before && $before != "$page_total" ]]; then changed=yes; fi
        before=$page_total
        say "$1: page $pages, $rows of $page_total rows"
        if [[ -z $page_token ]]; then return 0; fi
        if [[ $page_token == "$token" || $page_rows -eq 0 ]]; then
            say "$1: the pages do not end"
            return 1
        fi
        token=$page_token
    done
}

# Puts the pages where argql looks for them.
place() {
    local old=$folder/.$1.old
    rm -rf "$old"
    if [[ -e $folder/$1 ]]; then mv "$folder/$1" "$old"; fi
    mv "$part" "$folder/$1"
    rm -rf "$old"
}

# Refuses files that argql would take for more pages of a table.
look_for_strays() {
    local file page="^$1([-_.](part|page)?[-_]?[0-9]+)?\.(json|ndjson|jsonl|csv)(\.(gz|zst))?\$"
    shopt -s nocasematch
    for file in "$folder"/*; do
        if [[ -f $file && ${file##*/} =~ $page ]]; then
            refuse "$file would count as another page of $1: move it away first"
        fi
    done
    shopt -u nocasematch
}

main() {
    local table chosen=() report='' failed=() code=0 tenant state
    while [[ $# -gt 0 ]]; do
        case $1 in
            --help | -h) usage && exit 0 ;;
            --all-subscriptions) all_subscriptions=yes ;;
            --management-group | --subscription | --output | -o)
                if [[ -z ${2:-} || $2 == -* ]]; then refuse "$1 wants a value"; fi
                case $1 in
                    --management-group) groups+=("$2") ;;
                    --subscription) subscriptions+=("$2") ;;
                    *) folder=${2%/} ;;
                esac
                shift
                ;;
            -*) refuse "there is no option $1; --help lists them" ;;
            *)
                table=$(printf %s "$1" | tr '[:upper:]' '[:lower:]')
                if [[ ! $table =~ ^[a-z]+$ ]]; then refuse "$1 is no name of a table"; fi
                chosen+=("$table")
                ;;
        esac
        shift
    done
    if [[ ${#chosen[@]} -gt 0 ]]; then tables=("${chosen[@]}"); fi
    if [[ $(((${#groups[@]} > 0) + (${#subscriptions[@]} > 0) + (${#all_subscriptions} > 0))) -gt 1 ]]; then
        refuse 'management groups, subscriptions and --all-subscriptions exclude each other'
    fi

    command -v az >/dev/null || refuse 'the Azure CLI (az) is not installed'
    messages=$(mktemp)
    part=$folder/.part.$$
    trap 'rm -rf "$messages" "$part"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    tenant=$(az account show --query tenantId -o tsv 2>"$messages" </dev/null | tr -d '\r') || true
    if [[ -z $tenant ]]; then refuse "az is not signed in: run \`az login\`"; fi
    if ! az extension show --name resource-graph -o none >/dev/null 2>&1 </dev/null; then
        refuse "az lacks its extension for Resource Graph: run \`az extension add --name resource-graph\`"
    fi
    if [[ ${#groups[@]} -gt 0 ]]; then
        scope=(--management-groups "${groups[@]}")
    elif [[ ${#subscriptions[@]} -gt 0 ]]; then
        scope=(--subscriptions "${subscriptions[@]}")
    elif [[ -z $all_subscriptions ]]; then
        # The root group is called what the tenant is. Without any scope az would name subscriptions, and so leave out
        # whatever is assigned, exempted or defined at management groups.
        scope=(--management-groups "$tenant")
    fi

    mkdir -p "$folder"
    for table in "${tables[@]}"; do
        if [[ -e $folder/.$table.old && ! -e $folder/$table ]]; then mv "$folder/.$table.old" "$folder/$table"; fi
        look_for_strays "$table"
    done
    for table in "${tables[@]}"; do
        if ! fetch_all "$table"; then
            failed+=("$table")
            report+=$(printf '%-28s not fetched' "$table")$'\n'
            continue
        fi
        # Rows came or went between two pages: once more may be quiet.
        if [[ $rows -ne $page_total ]]; then
            say "$table: $rows rows of $page_total, once more from the start"
            if ! fetch_all "$table"; then
                failed+=("$table")
                report+=$(printf '%-28s not fetched' "$table")$'\n'
                continue
            fi
        fi
        place "$table"
        state=complete
        if [[ $rows -ne $page_total ]]; then
            state="INCOMPLETE: Azure says $page_total"
            code=3
        elif [[ -n $changed ]]; then
            state='complete by count, but rows came or went meanwhile'
        fi
        report+=$(printf '%-28s %9d rows, pages: %d, %s' "$table" "$rows" "$pages" "$state")$'\n'
    done
    printf %s "$report"
    if [[ ${#failed[@]} -gt 0 ]]; then
        say "not fetched: ${failed[*]}; what was there before is as it was. To try them again, name them."
        if [[ ${scope[0]:-} == --management-groups && ${#groups[@]} -eq 0 ]]; then
            say 'If the root management group may not be read: name a --management-group or a --subscription instead.'
        fi
        exit 1
    fi
    exit "$code"
}

# Read to here before anything runs, so that it can also come through a pipe.
main "$@"
