@echo off
rem Mends on this machine what the checks found wrong with the access to AWS.
rem
rem   fix_aws_authentication.bat           shows what it would do, and changes nothing
rem   fix_aws_authentication.bat /apply    does it, and backs up each file first
rem
rem The work is done by fix_aws_authentication.ps1, which has to lie beside this file. No setlocal: what is taken
rem out of the environment is to be gone from this window.

set "FIX_AWS_APPLY="
set "FIX_AWS_SIMULATED="
:argument
if "%~1"=="" goto start
if /i "%~1"=="/apply" (
  set "FIX_AWS_APPLY=-Apply"
  shift
  goto argument
)
if /i "%~1"=="/simulated" (
  set "FIX_AWS_SIMULATED=-Simulated"
  shift
  goto argument
)
echo usage: fix_aws_authentication.bat [/apply]
exit /b 2

:start
if not exist "%~dp0fix_aws_authentication.ps1" goto missing
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%~dp0fix_aws_authentication.ps1" %FIX_AWS_APPLY% %FIX_AWS_SIMULATED%
if errorlevel 1 goto failed
if not defined FIX_AWS_APPLY exit /b 0
@VARIABLES@
exit /b 0

:failed
echo Not everything could be done.
exit /b 1

:missing
echo fix_aws_authentication.ps1 has to lie beside this file: copy both from the report folder.
exit /b 1
