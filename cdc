#!/bin/sh
# Runs the command from this checkout: short for `dotnet run -c Release --project src/Cdc.Cli --`.
# Builds when a source is newer than the last build. What the build says goes to stderr; the program takes this
# process's place, so that signals and exit codes are its own.
self=$(readlink -f -- "$0" 2>/dev/null) || self=$0
here=$(CDPATH= cd -- "$(dirname -- "$self")" && pwd -P) || exit 1
command -v dotnet >/dev/null 2>&1 || { echo "cdc: needs the .NET 10 SDK (dotnet) in PATH" >&2; exit 127; }
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

dll=$here/src/Cdc.Cli/bin/Release/net10.0/cdc.dll
is_current() {
  [ -f "$1" ] && [ -z "$(find "$here/src" "$here"/Directory.*.props \( -name bin -o -name obj \) -prune \
    -o \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' \) -newer "$1" -print 2>/dev/null | head -n 1)" ]
}
if ! is_current "$dll"; then
  own=
  # Someone else's checkout, or one that can't be written: the build goes to a place of our own.
  if [ ! -w "$here/src/Cdc.Cli" ] || { [ -d "$here/src/Cdc.Cli/obj" ] && [ ! -w "$here/src/Cdc.Cli/obj" ]; }; then
    own=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cdc/$(printf %s "$here" | cksum | cut -d ' ' -f 1)
    dll=$own/bin/Cdc.Cli/release/cdc.dll
  fi
  if [ -z "$own" ] || ! is_current "$dll"; then
    echo "cdc: building…" >&2
    # Servers that outlive the build would hold on to our stderr.
    dotnet build "$here/src/Cdc.Cli" -c Release -v q -nologo -clp:NoSummary --disable-build-servers \
      ${own:+--artifacts-path "$own"} >&2 || { echo "cdc: the build failed" >&2; exit 1; }
    touch -- "$dll"
  fi
fi
exec dotnet "$dll" "$@"
