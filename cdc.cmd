@echo off
rem Runs the command from this checkout. What the build says goes to stderr; the exit code is the program's own.
setlocal
set DOTNET_NOLOGO=1
set DOTNET_CLI_TELEMETRY_OPTOUT=1
dotnet build "%~dp0src\Cdc.Cli" -c Release -v q -nologo -clp:NoSummary --disable-build-servers 1>&2 || exit /b 1
dotnet "%~dp0src\Cdc.Cli\bin\Release\net10.0\cdc.dll" %*
exit /b %ERRORLEVEL%
