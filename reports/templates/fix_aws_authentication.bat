@echo off
rem Mends on this machine what the checks found wrong with the access to AWS.
rem
rem   fix_aws_authentication.bat           shows what it would do, and changes nothing
rem   fix_aws_authentication.bat /apply    does it, and backs up each file first
rem
rem The work is done by fix_aws_authentication.ps1, which has to lie beside this file.

setlocal
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
set "FIX_AWS_CODE=0"
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%~dp0fix_aws_authentication.ps1" -FromBatch %FIX_AWS_APPLY% %FIX_AWS_SIMULATED%
if errorlevel 2 goto failed
if not errorlevel 0 goto failed
if errorlevel 1 set "FIX_AWS_CODE=1"
if "%FIX_AWS_CODE%"=="1" echo Not everything could be done.
if not defined FIX_AWS_APPLY exit /b %FIX_AWS_CODE%
rem What is taken out of the environment is to be gone from the window, and nothing else of this is to stay there.
endlocal & call :window & exit /b %FIX_AWS_CODE%

:window
@VARIABLES@
exit /b 0

:failed
echo Nothing could be done.
exit /b 2

:missing
echo fix_aws_authentication.ps1 has to lie beside this file: copy both from the report folder.
exit /b 1
