#!/bin/sh
# Mends on this machine what the checks found wrong with the access to AWS.
@ABOUT@
#
#   sh fix_aws_authentication.sh            shows what it would do, and changes nothing
#   sh fix_aws_authentication.sh --apply    does it, and backs up each file beside it first
#   . ./fix_aws_authentication.sh --apply   also takes the variables out of this shell (bash, zsh; in dash, where
#                                           . takes no arguments, say set -- --apply first)
#
# A line that no longer looks as it did is left alone, so that this can be run again at any time.

# A subshell: whoever sources this keeps his functions, options and traps.
(
[ -z "${ZSH_VERSION-}" ] || emulate sh
case $0 in *.sh) sourced=no ;; *) sourced=yes ;; esac
case ${ZSH_EVAL_CONTEXT-} in *:file*) sourced=yes ;; esac
set +eufC
unset IFS
umask 077

simulated=@SIMULATED@
apply=no really=no
for argument; do
  case $argument in
    --apply) apply=yes ;;
    --simulated) really=yes ;;
    *) printf '%s\n' "usage: sh fix_aws_authentication.sh [--apply]"; exit 2 ;;
  esac
done
if [ -n "$simulated" ]; then
  printf '%s\n' "SIMULATED: this mends the world $simulated, and no real machine."
  if [ "$really" = no ] && [ "$apply" = yes ]; then
    printf '%s\n' "Say --apply --simulated to let it change the files of this home folder all the same."
    exit 2
  fi
fi

home=${HOME-}
# Python, and so botocore, has USERPROFILE for the home folder on Windows, whatever Git Bash says.
if [ -n "${USERPROFILE-}" ] && command -v cygpath >/dev/null 2>&1; then home=$(cygpath -u "$USERPROFILE"); fi

work=${TMPDIR:-/tmp}/fix_aws_authentication.$$ tries=0
until command mkdir "$work" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 99 ]; then printf '%s\n' "no folder can be made in ${TMPDIR:-/tmp}"; exit 1; fi
  work=${TMPDIR:-/tmp}/fix_aws_authentication.$$.$tries
done
trap 'command rm -rf "$work"' 0
trap 'exit 1' 1 2 15

stamp=$(date -u +%Y%m%dT%H%M%SZ)
number=0 changed='' failed=0 started=''

# Edits a text on standard input, an x behind it, by the plan in a file; tells what it does in another.
# Records are bytes, and every line keeps its own end.
editor='
function without_blanks(s) { sub(/^[ \t\f\v\r]+/, "", s); sub(/[ \t\f\v\r]+$/, "", s); return s }
function name_in(s) {
  s = without_blanks(s); sub(/^export[ \t]+/, "", s)
  if (!match(s, /[=:]/)) return ""
  return tolower(without_blanks(substr(s, 1, RSTART - 1)))
}
# Reports hide account IDs as ****4321: the line itself has the rest.
function whole(s, line,   run) {
  while (match(line, /[0-9]+/)) {
    run = substr(line, RSTART, RLENGTH); line = substr(line, RSTART + RLENGTH)
    if (length(run) == 12) s = put(s, "****" substr(run, 9), run)
  }
  return s
}
function put(s, old, new,   done, at) {
  done = ""
  while (at = index(s, old)) { done = done substr(s, 1, at - 1) new; s = substr(s, at + length(old)) }
  return done s
}
# An indented header is one only where it does not continue a value: the one in the first column may be meant too.
function is_under(n, under,   s) {
  for (n--; n > 0; n--) {
    s = without_blanks(was[n])
    if (s !~ /^\[.*\]/) continue
    if (index(s, "[" whole(under, s) "]") == 1) return 1
    if (was[n] ~ /^\[/) return 0
  }
  return 0
}
function still(n, begins, under,   s) {
  if (n < 1 || n > lines) return 0
  s = without_blanks(was[n])
  if (s == "") return 0
  if (under != "" && !is_under(n, under)) return 0
  if (begins ~ /=$/) return name_in(s) == tolower(substr(begins, 1, length(begins) - 1))
  return begins == "" || index(s, whole(begins, s)) == 1
}
function tell(n, what) { print "  line " n ": " what > notes }
function named(n) { return name_in(was[n]) == "" ? "" : " " name_in(was[n]) }
function beside(n, text,   end) {
  end = ending[n] == "" ? common : ending[n]
  return text end
}
function is_there(n, text) { return n > 0 && n <= lines && without_blanks(was[n]) == without_blanks(text) }
function replace(n, begins, old, new,   from, at) {
  old = whole(old, was[n]); new = whole(new, was[n]); from = 1
  if (begins ~ /=$/) { match(text[n], /[=:]/); from = RSTART + 1 }
  at = index(substr(text[n], from), old)
  if (index(new, old) && index(substr(text[n], from), new)) return
  if (!at) { tell(n, "no longer has " old ": left alone"); return }
  at += from - 1
  text[n] = substr(text[n], 1, at - 1) new substr(text[n], at + length(old))
  print "  line " n "  - " was[n] > notes
  print "  line " n "  + " text[n] > notes
}
function here_document(s) { # the word that ends the here-document which the line begins, or nothing
  if (!match(s, /(^|[^<])<<-?[ \t]*["\047\\]?[A-Za-z_][A-Za-z0-9_]*/)) return ""
  s = substr(s, RSTART, RLENGTH); sub(/^.*[^A-Za-z0-9_]/, "", s)
  return s
}
function startup(kind, names,   n, i, count, name, s, value, ends, apart) {
  count = split(names, name, " ")
  value = "(\047[^\047]*\047|\"[^\"\\\\`]*\"|[^ \t;&|<>()\047\"`#\\\\]*)"
  for (n = 1; n <= lines; n++) {
    s = without_blanks(was[n])
    # A part of what stands above cannot become a comment.
    apart = ends == "" && (n == 1 || was[n - 1] !~ /\\$/)
    if (ends == "") ends = kind == "fish" ? "" : here_document(s); else if (s == ends) ends = ""
    if (s ~ /^(:[ \t]+)?#/) continue
    for (i = 1; i <= count; i++) {
      if (kind == "fish") {
        if (s !~ ("^set[ \t](.*[ \t])?" name[i] "([ \t]|$)") || s ~ /^set[ \t]+-[A-Za-z]*[eqSn]/) continue
        if (apart && s ~ ("^set[ \t]+(-[A-Za-z-]+[ \t]+)*" name[i] "([ \t]+" value ")?[ \t]*(#.*)?$")) {
          text[n] = "# " text[n]; tell(n, "a comment now: set " name[i]); break
        }
      } else {
        if (s !~ ("(^|[ \t;&|(])" name[i] "=")) continue
        if (apart && s ~ ("^((export|declare|typeset)([ \t]+-[a-zA-Z]+)*[ \t]+)?" name[i] "=" value "[ \t]*;?[ \t]*(#.*)?$")) {
          # The colon is a command, so that an if or a function does not lose its only one.
          text[n] = ": # " text[n]; tell(n, "a comment now: " name[i] "="); break
        }
      }
      tell(n, "sets " name[i] " along with something else: take it out by hand")
    }
  }
}
{ record[NR] = $0 }
END {
  notes = ENVIRON["fix_notes"]; moved = ENVIRON["fix_moved"]; lines = 0; common = ""
  record[NR] = substr(record[NR], 1, length(record[NR]) - 1)
  for (r = 1; r <= NR; r++) {
    s = record[r]
    while ((at = index(s, "\r")) && at < length(s)) {
      was[++lines] = substr(s, 1, at - 1); ending[lines] = "\r"; s = substr(s, at + 1)
    }
    if (r == NR && s == "") break
    end = r == NR ? "" : "\n"
    if (s ~ /\r$/) { s = substr(s, 1, length(s) - 1); end = "\r" end }
    was[++lines] = s; ending[lines] = end
    if (common == "") common = end
  }
  if (common == "") common = "\n"
  # stood: how many of the lines that come below a line stand there from an earlier run.
  for (n = 1; n <= lines; n++) { text[n] = was[n]; above[n] = below[n] = ""; stood[n] = 0 }
  while ((getline entry < ENVIRON["fix_plan"]) > 0) {
    split(entry, field, "\t"); does = field[1]; n = field[2] + 0; begins = field[3]; under = field[4]
    if (does == "startup") { startup(field[2], field[3]); continue }
    if (!still(n, begins, under)) {
      tell(n, "no longer " (begins == "" ? "what it was" : begins) ": left alone"); continue
    }
    if (does == "replace") replace(n, begins, field[5], field[6])
    else if (does == "comment") { text[n] = "# " text[n]; tell(n, "a comment now:" (named(n) == "" ? " " begins : named(n))) }
    else if (does == "delete") { gone[n] = 1; tell(n, "deleted:" named(n)) }
    else if (does == "dedent") {
      if (text[n] ~ /^[ \t\f\v]/) { sub(/^[ \t\f\v]+/, "", text[n]); tell(n, "in the first column now:" named(n)) }
    }
    else if (does == "insert-below" && is_there(n + 1 + stood[n], field[5])) stood[n]++
    else if (does == "insert-above" && is_there(n - 1, field[5])) continue
    else if (does == "insert-below") { below[n] = below[n] beside(n, field[5]); print "  line " n "  + " field[5] > notes }
    else if (does == "insert-above") { above[n] = above[n] beside(n, field[5]); print "  line " n "  + " field[5] > notes }
    else if (does == "move") {
      last = field[5] + 0; to = field[6] + 0
      for (m = n; m <= last && m <= lines; m++) {
        if (to) below[to] = below[to] beside(m, text[m]); else printf "%s", text[m] ending[m] > moved
        gone[m] = 1
      }
      tell(n, (last > n ? "to line " last " moved" : "moved") (to ? " below line " to ":" named(n) : ""))
    }
  }
  out = ""
  for (n = 1; n <= lines; n++) {
    printf "%s", above[n]
    if (!(n in gone)) {
      printf "%s", text[n]
      # Where the last line has no end, the last of what comes below it has none either.
      if (ending[n] == "" && below[n] != "") { printf "%s", common; sub(/\r?\n?$/, "", below[n]) }
      printf "%s", ending[n]
    }
    printf "%s", below[n]
  }
}
'

not_there() {
  case $1 in
    ./*) say "$1 is not there: nothing to do. This runs in the folder in which the checks ran." ;;
    *) say "$1 is not there: nothing to do" ;;
  esac
}
say() { printf '%s\n' "$*"; }
place() { case $1 in '~/'*) where=$home/${1#??} ;; *) where=$1 ;; esac; }

edited() { # the text in $1 by the plan in $2; standard output is the new text
  { command cat "$1" && printf x; } |
    command env LC_ALL=C fix_plan="$2" fix_notes="$part.notes" fix_moved="$part.moved" awk "$editor"
}

file() { # what follows, to `finish`, is about this file
  number=$((number + 1)) part=$work/$((number)) shown=$1 text=$work/$((number)).old
  place "$1"
  printf '%s\n' "$1" >"$part.name"
  : >"$part.plan"
  : >"$part.notes"
  : >"$part.moved"
  : >"$part.old"
  if [ -f "$where" ]; then
    present=yes
    if ! command cat "$where" >"$part.old" 2>/dev/null; then present=unreadable; fi
  elif [ -e "$where" ] || [ -L "$where" ]; then # a folder, or a link that leads nowhere
    present=nowhere
  else
    present=no
  fi
}

of_size() { # what follows is about the file as it was read, when it had that many bytes
  if [ "$present" = yes ] && [ "$(command wc -c <"$part.old")" -ne "$1" ]; then present=changed; fi
}

operation() {
  printf '%s' "$1"
  shift
  for field; do printf '\t%s' "$field"; done
  printf '\n'
} >>"$part.plan"
replace() { operation replace "$@"; }
comment() { operation comment "$@"; }
delete() { operation delete "$@"; }
dedent() { operation dedent "$@"; }
insert_below() { operation insert-below "$@"; }
insert_above() { operation insert-above "$@"; }
move() { operation move "$@"; }

reencode() { # the file has the mark of UTF-8, UTF-16 or UTF-32
  mark=$(command dd if="$part.old" bs=1 count=4 2>/dev/null | command od -An -tx1 | command tr -d ' \n')
  case $mark in
    efbbbf*) encoding=UTF-8 skip=3 ;;
    fffe0000) encoding=UTF-32LE skip=4 ;;
    0000feff) encoding=UTF-32BE skip=4 ;;
    fffe*) encoding=UTF-16LE skip=2 ;;
    feff*) encoding=UTF-16BE skip=2 ;;
    *) return ;;
  esac
  if command dd if="$part.old" bs=1 skip="$skip" 2>/dev/null >"$part.bare" &&
    command iconv -f "$encoding" -t UTF-8 "$part.bare" >"$part.utf8"; then
    text=$part.utf8
    say "  $encoding with a byte order mark becomes UTF-8 without one" >>"$part.notes"
  else
    say "  is no $encoding that iconv reads: left alone" >>"$part.notes"
  fi
}

append() { # what was moved out of the file of that number comes to the end of this one
  [ -s "$work/$1.moved" ] || return
  return=$(command head -n 1 "$part.old" | command tr -dc '\r')
  {
    command cat "$text"
    if [ -s "$text" ]; then
      if [ -n "$(command tail -c 1 "$text")" ]; then printf '%s\n' "$return"; fi
      printf '%s\n' "$return"
    fi
    command cat "$work/$1.moved"
  } >"$part.more"
  text=$part.more
  printf '%s\n' "$number" >"$work/$1.into"
  if [ "$present" = no ]; then present=new; fi
  say "  + what was moved out of $(command cat "$work/$1.name")" >>"$part.notes"
}

finish() { # the operations on the file; `quietly` where nothing is said of a file in which nothing is found
  case $present in
    no) [ -n "${1-}" ] || not_there "$shown"; return ;;
    nowhere) [ -n "${1-}" ] || { say "$shown is no file: left alone"; failed=1; }; return ;;
    changed) say "$shown has changed since the checks read it: left alone"; return ;;
    unreadable) say "$shown cannot be read: left alone"; failed=1; return ;;
  esac
  command mv "$part.notes" "$part.first"
  : >"$part.notes"
  if ! edited "$text" /dev/null | command cmp -s - "$text"; then
    say "$shown is no text that awk can write back: left alone"
    failed=1
    return
  fi
  edited "$text" "$part.plan" >"$part.new"
  if command cmp -s "$part.old" "$part.new"; then
    if [ -z "${1-}" ] || [ -s "$part.notes" ]; then
      say "$shown: nothing to do"
      command cat "$part.first" "$part.notes"
    fi
  else
    say "$shown"
    command cat "$part.first" "$part.notes"
    changed="$number $changed"
    if [ "$present" = new ]; then : >"$part.absent"; fi
  fi
}

rename() {
  number=$((number + 1)) part=$work/$((number))
  place "$2"
  target=$where
  place "$1"
  if [ ! -f "$where" ]; then
    not_there "$1"
  elif [ -e "$target" ] || [ -L "$target" ]; then
    say "$1 would become $2, and that is there already: left alone"
  else
    say "$1"
    say "  becomes $2"
    printf '%s\n' "$1" >"$part.name"
    printf '%s\n' "$target" >"$part.target"
    changed="$number $changed"
  fi
}

unset_variables() {
  for name in @STARTUP@; do
    file "~/$name"
    case $name in *.fish) operation startup fish "$*" ;; *) operation startup sh "$*" ;; esac
    finish quietly
  done
  are_set=''
  for name; do
    if eval "[ -n \"\${$name+x}\" ]"; then are_set="$are_set $name"; fi
  done
  if [ -z "$are_set" ]; then
    say "In this shell none of these is set: $*"
  elif [ "$sourced$apply" = yesyes ]; then
    say "Taken out of this shell:$are_set"
  elif [ "$sourced" = yes ]; then
    say "Would be taken out of this shell:$are_set"
  else
    say "Set in this shell, and no script can change the shell that starts it. Type:"
    say "  unset$are_set"
    say "  (fish: set -e$are_set)"
  fi
}

export_variable() { # name, value, the value as it is typed
  eval "value=\${$1-}"
  if [ "$value" = "$2" ]; then
    say "In this shell $1 is right already."
  elif [ "$sourced$apply" = yesyes ]; then
    say "Set in this shell: $1"
  elif [ "$sourced" = yes ]; then
    say "Would be set in this shell: $1"
  else
    say "To be set in this shell. Type:"
    say "  export $1=$3"
  fi
}

by_hand() { # somebody has to do it: the first line says what it is about
  say ''
  say "By hand: $1"
  shift
  for line; do say "  $line"; done
}

followed() { # where the symbolic links lead
  real=$1
  while [ -L "$real" ]; do
    link=$(command readlink "$real") || return 1
    case $link in /*) real=$link ;; *) real=${real%/*}/$link ;; esac
  done
}

replaced() { # the file by that one; one that is mounted by itself keeps its place and is written into
  command mv -f -- "$1" "$real" 2>/dev/null || { command cat "$1" >"$real" && command rm -f -- "$1"; }
}

commit() {
  part=$work/$1
  shown=$(command cat "$part.name")
  place "$shown"
  if [ -f "$part.target" ]; then
    target=$(command cat "$part.target")
    if [ ! -e "$target" ] && command mv -- "$where" "$target"; then say "renamed $shown"; else failed=1; fi
    return
  fi
  # What moves out of a file stays in it until it stands in the other.
  if [ -f "$part.into" ] && [ ! -f "$work/$(command cat "$part.into").done" ]; then
    say "$shown keeps what would have moved out of it: left alone"
    failed=1
    return
  fi
  if [ -f "$part.absent" ]; then
    if command cp "$part.new" "$where.fix-$$" && command mv -f -- "$where.fix-$$" "$where"; then
      say "wrote $shown"
      : >"$part.done"
    else
      failed=1
    fi
    return
  fi
  if ! command cmp -s "$where" "$part.old"; then
    say "$shown has changed in the meantime: left alone"
    failed=1
    return
  fi
  if ! followed "$where" || [ ! -w "$real" ]; then
    say "$shown cannot be written: left alone"
    failed=1
    return
  fi
  backup=$where.bak-$stamp
  while [ -e "$backup" ]; do backup=$backup+; done
  # Beside the file, so that taking its place is one step; a copy, so that it has its mode and owner.
  if command cp -p -- "$real" "$backup" && command cp -p -- "$real" "$real.fix-$$" &&
    command cat "$part.new" >"$real.fix-$$" && replaced "$real.fix-$$"; then
    say "changed $shown, backup $shown${backup#"$where"}"
    : >"$part.done"
  else
    command rm -f -- "$real.fix-$$"
    say "$shown could not be changed"
    failed=1
  fi
}

@PLAN@

say ''
if [ -z "$changed" ]; then
  say "Nothing to do in files."
elif [ "$apply" = no ]; then
  say "Nothing was changed. To do it, say --apply."
else
  for each in $changed; do commit "$each"; done
  say "Check again; when all is well, delete the backups: they hold what the files held."
fi
exit "$failed"
)
@SOURCED@
