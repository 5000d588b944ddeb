# Completion of linnet's options in bash.
_linnet() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    -e|-l|--threads|--memory|--time) return ;;
  esac
  case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "-e -l -i -v -E -W --threads --sandbox --memory --time --version --help --" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -X '!*.lua' -- "$word"; compgen -d -- "$word") ;;
  esac
}
complete -o filenames -F _linnet linnet
