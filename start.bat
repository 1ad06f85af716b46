@echo off
rem Starts the program on Windows: double-click it. The first start sets it up; options are passed on.
cd /d "%~dp0"
chcp 65001 >nul
set "locale=en"
for /f "tokens=3" %%l in ('reg query "HKCU\Control Panel\International" /v LocaleName 2^>nul') do set "locale=%%l"
set "es="
if /i "%locale:~0,2%"=="es" set "es=1"

fc /b requirements-live.txt .venv\installed.txt >nul 2>&1 && goto run
set "python="
for %%v in (3.13 3.12 3.11 3.10) do if not defined python py -%%v -c "" >nul 2>&1 && set "python=py -%%v"
if not defined python python -c "import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))" >nul 2>&1 && set "python=python"
if not defined python (
  call :say "Python 3.10 to 3.13 is not installed. Install it from https://www.python.org/downloads/ and start again." "No está instalado Python 3.10 a 3.13. Instálelo desde https://www.python.org/downloads/ y vuelva a empezar."
  goto failed
)
call :say "First start: the program is being set up, once. This takes some minutes and needs the internet." "Primer inicio: se prepara el programa, una sola vez. Tarda unos minutos y necesita internet."
%python% -m venv .venv
if errorlevel 1 (
  call :say "The folder .venv could not be made. Check the room on the disk, and start again." "No se ha podido crear la carpeta .venv. Compruebe el espacio en el disco y vuelva a empezar."
  goto failed
)
.venv\Scripts\python.exe -m pip install --disable-pip-version-check --progress-bar on -r requirements-live.txt
if errorlevel 1 (
  call :say "The installation broke off. Check the internet connection and the room on the disk, and start again: it goes on." "La instalación se ha interrumpido. Compruebe la conexión a internet y el espacio en el disco, y vuelva a empezar: continuará."
  goto failed
)
copy /y requirements-live.txt .venv\installed.txt >nul

:run
if "%~1"=="" (
  start "" .venv\Scripts\pythonw.exe affectnet_webcam_detector.py
  exit /b 0
)
.venv\Scripts\python.exe affectnet_webcam_detector.py %*
exit /b %errorlevel%

:failed
pause
exit /b 1

:say
if defined es (echo %~2) else (echo %~1)
exit /b 0
