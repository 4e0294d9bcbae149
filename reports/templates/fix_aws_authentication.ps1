#Requires -Version 5.1
<#
Mends on this machine what the checks found wrong with the access to AWS.
@ABOUT@

  powershell -ExecutionPolicy Bypass -File fix_aws_authentication.ps1           shows what it would do
  powershell -ExecutionPolicy Bypass -File fix_aws_authentication.ps1 -Apply    does it, and backs up each file first

In a window of PowerShell this also takes the variables out of that window; the first command lets it run scripts until
it is closed:

  Set-ExecutionPolicy Bypass -Scope Process -Force
  .\fix_aws_authentication.ps1 -Apply

A line that no longer looks as it did is left alone, so that this can be run again at any time.
#>
param([switch]$Apply, [switch]$Simulated, [switch]$FromBatch)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$World = @SIMULATED@
if ($World -ne '') {
    Write-Host ('SIMULATED: this mends the world ' + $World + ', and no real machine.')
    if ($Apply -and -not $Simulated) {
        Write-Host 'Say -Apply -Simulated to let it change the files of this home folder all the same.'
        if ($MyInvocation.InvocationName -ne '.') { exit 2 }
        return
    }
}

$OnWindows = [IO.Path]::DirectorySeparatorChar -eq '\'
$HomeFolder = $env:USERPROFILE
if (-not $HomeFolder) { $HomeFolder = $env:HOME }
$Stamp = [DateTime]::UtcNow.ToString('yyyyMMddTHHmmssZ', [Globalization.CultureInfo]::InvariantCulture)
# Files are edited as bytes: Latin-1 has one character for each.
$Latin = [Text.Encoding]::GetEncoding(28591)
$StrictUtf8 = New-Object Text.UTF8Encoding($false, $true)
$Utf8 = New-Object Text.UTF8Encoding($false)
$Ordinal = [StringComparison]::Ordinal
$AnyCase = [StringComparison]::OrdinalIgnoreCase
$Blanks = [char[]]@(' ', "`t", "`f", "`v", "`r")

# What powershell -File or -Command starts ends with it, and so does its environment.
$Window = 'this'
$Own = $MyInvocation.MyCommand.Name
foreach ($Argument in [Environment]::GetCommandLineArgs()) {
    if ($Argument.StartsWith('-noe', $AnyCase)) {
        $Window = 'this'
        break
    }
    if ($Own -and $Argument.IndexOf($Own, $AnyCase) -ge 0) { $Window = 'another' }
}
if ($FromBatch) { $Window = 'of the batch file' }

$script:Failed = 0
$script:Edit = $null
$Edits = @{}
$Changed = New-Object System.Collections.ArrayList

function Get-Place([string]$Shown) {
    if ($Shown.StartsWith('~/', $Ordinal)) { return [IO.Path]::Combine($HomeFolder, $Shown.Substring(2)) }
    if ([IO.Path]::IsPathRooted($Shown)) { return $Shown }
    return [IO.Path]::Combine((Get-Location).ProviderPath, $Shown)
}

function Get-Name([string]$Line) {
    $Bare = $Line.Trim($Blanks) -creplace '^export[ \t]+', ''
    $At = $Bare.IndexOfAny([char[]]@('=', ':'))
    if ($At -lt 0) { return '' }
    return $Bare.Substring(0, $At).Trim($Blanks).ToLowerInvariant()
}

# As the file has it: its encoding, and the account IDs that reports hide as ****4321.
function Get-Written([string]$Text, [string]$Line) {
    $Written = $Latin.GetString($script:Edit.Encoding.GetBytes($Text))
    foreach ($Run in [regex]::Matches($Line, '(?<![0-9])[0-9]{12}(?![0-9])')) {
        $Written = $Written.Replace('****' + $Run.Value.Substring(8), $Run.Value)
    }
    return $Written
}

function Get-Readable([string]$Text) { return $script:Edit.Encoding.GetString($Latin.GetBytes($Text)) }

function Add-Note([string]$Text) { [void]$script:Edit.Notes.Add($Text) }

# An indented header is one only where it does not continue a value: the one in the first column may be meant too.
function Test-Under([int]$Number, [string]$Under) {
    for ($Each = $Number - 1; $Each -gt 0; $Each--) {
        $Bare = $script:Edit.Was[$Each].Trim($Blanks)
        if ($Bare -cnotmatch '^\[.*\]') { continue }
        if ($Bare.StartsWith('[' + (Get-Written $Under $Bare) + ']', $Ordinal)) { return $true }
        if ($script:Edit.Was[$Each].StartsWith('[', $Ordinal)) { return $false }
    }
    return $false
}

function Test-Line([int]$Number, [string]$Begins, [string]$Under) {
    if ($Number -lt 1 -or $Number -gt $script:Edit.Total) { return $false }
    $Bare = $script:Edit.Was[$Number].Trim($Blanks)
    if ($Bare -ceq '') { return $false }
    if ($Under -cne '' -and -not (Test-Under $Number $Under)) { return $false }
    if ($Begins -ceq '') { return $true }
    if ($Begins.EndsWith('=', $Ordinal)) {
        $Name = $Latin.GetString($script:Edit.Encoding.GetBytes($Begins.Substring(0, $Begins.Length - 1)))
        return (Get-Name $Bare) -ceq $Name.ToLowerInvariant()
    }
    return $Bare.StartsWith((Get-Written $Begins $Bare), $Ordinal)
}

function Test-Still([int]$Number, [string]$Begins, [string]$Under) {
    if ($script:Edit.Refused) { return $false }
    if (Test-Line $Number $Begins $Under) { return $true }
    $What = $Begins
    if ($What -ceq '') { $What = 'what it was' }
    Add-Note ('  line ' + $Number + ': no longer ' + $What + ': left alone')
    return $false
}

function Get-Label([int]$Number, [string]$Begins) {
    $Name = Get-Readable (Get-Name $script:Edit.Was[$Number])
    if ($Begins -cne '' -and -not $Begins.EndsWith('=', $Ordinal)) { $Name = $Begins }
    if ($Name -cne '') { return ' ' + $Name }
    return ''
}

function Split-Text([string]$Text) {
    $Lines = New-Object System.Collections.ArrayList
    [void]$Lines.Add('')
    $Ends = New-Object System.Collections.ArrayList
    [void]$Ends.Add('')
    foreach ($Each in [regex]::Matches($Text, '([^\r\n]*)(\r\n|\n|\r|\z)')) {
        if ($Each.Length -gt 0) {
            [void]$Lines.Add($Each.Groups[1].Value)
            [void]$Ends.Add($Each.Groups[2].Value)
        }
    }
    $script:Edit.Total = $Lines.Count - 1
    $script:Edit.Was = $Lines
    $script:Edit.Text = $Lines.Clone()
    $script:Edit.Ends = $Ends
    $script:Edit.Common = "`n"
    if ($script:Edit.Total -gt 0 -and $Ends[1] -cne '') { $script:Edit.Common = $Ends[1] }
    $script:Edit.Above = @('') * $Lines.Count
    $script:Edit.Below = @('') * $Lines.Count
    # How many of the lines that come below a line stand there from an earlier run.
    $script:Edit.Stood = @(0) * $Lines.Count
    $script:Edit.Gone = @($false) * $Lines.Count
}

# What follows, to Close-File, is about this file.
function Open-File([int]$Number, [string]$Shown) {
    $Path = Get-Place $Shown
    $script:Edit = @{
        Number = $Number; Shown = $Shown; Path = $Path; Present = [IO.File]::Exists($Path); Old = [byte[]]@()
        New = $null; Notes = (New-Object System.Collections.ArrayList); Moved = ''; Encoding = $Utf8; Tail = ''
        To = ''; Refused = $false; Unreadable = ''; Into = 0; Done = $false; Total = 0; Was = $null; Text = $null; Ends = $null; Common = "`n"; Above = $null; Below = $null; Stood = $null; Gone = $null
    }
    $Edits[$Number] = $script:Edit
    try {
        if ($script:Edit.Present) { $script:Edit.Old = [IO.File]::ReadAllBytes($Path) }
        # A folder, or a link that leads nowhere.
        elseif ($null -ne (Get-Item -LiteralPath $Path -Force -ErrorAction SilentlyContinue)) {
            $script:Edit.Unreadable = ' is no file'
        }
    } catch {
        $script:Edit.Unreadable = ' cannot be read'
    }
    if ($script:Edit.Unreadable) { $script:Edit.Refused = $true }
    $script:Edit.New = $script:Edit.Old
    try { [void]$StrictUtf8.GetString($script:Edit.Old) } catch { $script:Edit.Encoding = [Text.Encoding]::Default }
    Split-Text ($Latin.GetString($script:Edit.Old))
}

# What follows is about the file as it was read, when it had that many bytes.
function Confirm-Size([int]$Bytes) {
    if ($script:Edit.Present -and $script:Edit.Old.Length -ne $Bytes) { $script:Edit.Refused = $true }
}

function Edit-Line([int]$Number, [string]$Begins, [string]$Under, [string]$Old, [string]$New) {
    if (-not (Test-Still $Number $Begins $Under)) { return }
    $Line = $script:Edit.Text[$Number]
    $From = 0
    if ($Begins.EndsWith('=', $Ordinal)) { $From = $Line.IndexOfAny([char[]]@('=', ':')) + 1 }
    $Found = Get-Written $Old $Line
    $Becomes = Get-Written $New $Line
    if ($Becomes.Contains($Found) -and $Line.IndexOf($Becomes, $From, $Ordinal) -ge 0) { return }
    $At = $Line.IndexOf($Found, $From, $Ordinal)
    if ($At -lt 0) {
        Add-Note ('  line ' + $Number + ': no longer has ' + $Old + ': left alone')
        return
    }
    $script:Edit.Text[$Number] = $Line.Substring(0, $At) + $Becomes + $Line.Substring($At + $Found.Length)
    Add-Note ('  line ' + $Number + '  - ' + (Get-Readable $script:Edit.Was[$Number]))
    Add-Note ('  line ' + $Number + '  + ' + (Get-Readable $script:Edit.Text[$Number]))
}

function Add-Comment([int]$Number, [string]$Begins, [string]$Under) {
    if (-not (Test-Still $Number $Begins $Under)) { return }
    $script:Edit.Text[$Number] = '# ' + $script:Edit.Text[$Number]
    Add-Note ('  line ' + $Number + ': a comment now:' + (Get-Label $Number $Begins))
}

function Remove-Line([int]$Number, [string]$Begins, [string]$Under) {
    if (-not (Test-Still $Number $Begins $Under)) { return }
    $script:Edit.Gone[$Number] = $true
    Add-Note ('  line ' + $Number + ': deleted:' + (Get-Label $Number $Begins))
}

function Remove-Indent([int]$Number, [string]$Begins, [string]$Under) {
    if (-not (Test-Still $Number $Begins $Under)) { return }
    $Bare = $script:Edit.Text[$Number].TrimStart($Blanks)
    if ($Bare -ceq $script:Edit.Text[$Number]) { return }
    $script:Edit.Text[$Number] = $Bare
    Add-Note ('  line ' + $Number + ': in the first column now:' + (Get-Label $Number $Begins))
}

function Get-Ended([int]$Number, [string]$Text) {
    if ($script:Edit.Ends[$Number] -ceq '') { return $Text + $script:Edit.Common }
    return $Text + $script:Edit.Ends[$Number]
}

function Test-There([int]$Number, [string]$Text) {
    if ($Number -lt 1 -or $Number -gt $script:Edit.Total) { return $false }
    return $script:Edit.Was[$Number].Trim($Blanks) -ceq (Get-Written $Text '').Trim($Blanks)
}

function Add-Below([int]$Number, [string]$Begins, [string]$Under, [string]$Text) {
    if (-not (Test-Still $Number $Begins $Under)) { return }
    if (Test-There ($Number + 1 + $script:Edit.Stood[$Number]) $Text) {
        $script:Edit.Stood[$Number]++
        return
    }
    $script:Edit.Below[$Number] += Get-Ended $Number (Get-Written $Text '')
    Add-Note ('  line ' + $Number + '  + ' + $Text)
}

function Add-Above([int]$Number, [string]$Begins, [string]$Under, [string]$Text) {
    if (-not (Test-Still $Number $Begins $Under)) { return }
    if (Test-There ($Number - 1) $Text) { return }
    $script:Edit.Above[$Number] += Get-Ended $Number (Get-Written $Text '')
    Add-Note ('  line ' + $Number + '  + ' + $Text)
}

# Below line $To; out of the file where that is 0.
function Move-Lines([int]$Number, [string]$Begins, [string]$Under, [int]$Last, [int]$To) {
    if (-not (Test-Still $Number $Begins $Under)) { return }
    for ($Each = $Number; $Each -le $Last -and $Each -le $script:Edit.Total; $Each++) {
        if ($To -gt 0) { $script:Edit.Below[$To] += Get-Ended $Each $script:Edit.Text[$Each] }
        else { $script:Edit.Moved += $script:Edit.Text[$Each] + $script:Edit.Ends[$Each] }
        $script:Edit.Gone[$Each] = $true
    }
    Add-Note ('  line ' + $Number + ' to line ' + $Last + ': moved')
}

# The file has the mark of UTF-8, UTF-16 or UTF-32.
function Convert-Encoding {
    $Bytes = $script:Edit.Old
    foreach ($Name in @('utf-8', 'utf-32', 'utf-32BE', 'utf-16', 'utf-16BE')) {
        $Encoding = [Text.Encoding]::GetEncoding($Name)
        $Mark = $Encoding.GetPreamble()
        $Marked = $Bytes.Length -ge $Mark.Length
        for ($Each = 0; $Marked -and $Each -lt $Mark.Length; $Each++) { $Marked = $Bytes[$Each] -eq $Mark[$Each] }
        if ($Marked) {
            $Text = $Encoding.GetString($Bytes, $Mark.Length, $Bytes.Length - $Mark.Length)
            $script:Edit.Encoding = $Utf8
            Split-Text ($Latin.GetString($Utf8.GetBytes($Text)))
            Add-Note ('  ' + $Name + ' with a byte order mark becomes UTF-8 without one')
            return
        }
    }
}

# What was moved out of the file of that number comes to the end of this one.
function Add-Moved([int]$Number) {
    if ($Edits[$Number].Moved -ceq '') { return }
    if ($script:Edit.Total -gt 0) {
        if ($script:Edit.Ends[$script:Edit.Total] -ceq '') { $script:Edit.Tail += $script:Edit.Common }
        $script:Edit.Tail += $script:Edit.Common
    }
    $script:Edit.Tail += $Edits[$Number].Moved
    $Edits[$Number].Into = $script:Edit.Number
    Add-Note ('  + what was moved out of ' + $Edits[$Number].Shown)
}

function Write-Absence([string]$Shown) {
    $Hint = ''
    if ($Shown.StartsWith('./')) { $Hint = '. This runs in the folder in which the checks ran.' }
    Write-Host ($Shown + ' is not there: nothing to do' + $Hint)
}

function Close-File([switch]$Quietly) {
    if ($script:Edit.Unreadable) {
        if ($Quietly -and -not $script:Edit.Present) { return }
        Write-Host ($script:Edit.Shown + $script:Edit.Unreadable + ': left alone')
        $script:Failed = 1
        return
    }
    if ($script:Edit.Refused) {
        Write-Host ($script:Edit.Shown + ' has changed since the checks read it: left alone')
        return
    }
    if (-not $script:Edit.Present -and $script:Edit.Tail -ceq '') {
        if (-not $Quietly) { Write-Absence $script:Edit.Shown }
        return
    }
    $Text = New-Object Text.StringBuilder
    for ($Each = 1; $Each -le $script:Edit.Total; $Each++) {
        $Below = $script:Edit.Below[$Each]
        [void]$Text.Append($script:Edit.Above[$Each])
        if (-not $script:Edit.Gone[$Each]) {
            [void]$Text.Append($script:Edit.Text[$Each])
            # Where the last line has no end, the last of what comes below it has none either.
            if ($script:Edit.Ends[$Each] -ceq '' -and $Below -cne '') {
                [void]$Text.Append($script:Edit.Common)
                $Below = $Below -creplace '\r?\n?\z', ''
            }
            [void]$Text.Append($script:Edit.Ends[$Each])
        }
        [void]$Text.Append($Below)
    }
    $New = $Text.ToString() + $script:Edit.Tail
    $script:Edit.New = $Latin.GetBytes($New)
    if ($New -ceq $Latin.GetString($script:Edit.Old)) {
        if (-not $Quietly -or $script:Edit.Notes.Count -gt 0) { Write-Host ($script:Edit.Shown + ': nothing to do') }
    } else {
        Write-Host $script:Edit.Shown
        [void]$Changed.Add($script:Edit.Number)
    }
    foreach ($Note in $script:Edit.Notes) { Write-Host $Note }
}

function Rename-Text([int]$Number, [string]$Shown, [string]$To) {
    $Path = Get-Place $Shown
    if (-not [IO.File]::Exists($Path)) {
        Write-Absence $Shown
    } elseif (Test-Path -LiteralPath (Get-Place $To)) {
        Write-Host ($Shown + ' would become ' + $To + ', and that is there already: left alone')
    } else {
        Write-Host $Shown
        Write-Host ('  becomes ' + $To)
        $Edits[$Number] = @{ Number = $Number; Shown = $Shown; Path = $Path; To = (Get-Place $To) }
        [void]$Changed.Add($Number)
    }
}

# Whether a line may set the variable: it names it, and not only to read it or to take it out.
function Test-Naming([string]$Bare, [string]$Name) {
    $Variable = '(\$env:' + $Name + '\b|\$\{env:' + $Name + '\})'
    $Code = $Bare -replace '^((?:''[^'']*''|"[^"]*"|[^''"#]|(?<!\s)#)*)(?<=\s)#.*$', '$1'
    if ($Code -match ($Variable + '\s*(,[^=;|]*)?([-+*/%]|\?\?)?=')) { return $true }
    $Code = $Code -replace $Variable, ''
    $Code = $Code -replace '(?<![\w-])(Remove-Item|Test-Path|Get-Item|Get-ChildItem|ri|rm|del|gi|gci|dir|ls)\s[^;|{}]*', ''
    $Code = $Code -replace '\bGetEnvironmentVariable\([^)]*\)', ''
    $Code = $Code -replace ('\bSetEnvironmentVariable\(\s*[''"]' + $Name + '[''"]\s*,\s*(\$null|''''|"")\s*[,)]'), ''
    return $Code -match ('(?<!\w)' + $Name + '(?!\w)')
}

function Find-Startup([string[]]$Names) {
    $Value = '(''[^'']*''|"[^"`]*"|[^\s;|&(){}''"`#]+)'
    # What ends the comment or the text in which a line stands.
    $Ends = ''
    $Continues = $false
    for ($Each = 1; $Each -le $script:Edit.Total; $Each++) {
        $Bare = $script:Edit.Was[$Each].Trim($Blanks)
        $Apart = $Ends -ceq '' -and -not $Continues
        $Continues = $Bare.EndsWith('`', $Ordinal)
        if ($Ends -ceq '' -and $Bare.StartsWith('<#', $Ordinal)) { $Ends = '#>' }
        if ($Ends -ceq '#>') {
            if ($Bare.Contains('#>')) { $Ends = '' }
            continue
        }
        if ($Ends -cne '') {
            if ($Bare.StartsWith($Ends, $Ordinal)) { $Ends = '' }
        } elseif ($Bare.EndsWith('@''', $Ordinal)) { $Ends = '''@' } elseif ($Bare.EndsWith('@"', $Ordinal)) { $Ends = '"@' }
        if ($Bare.StartsWith('#', $Ordinal)) { continue }
        foreach ($Name in $Names) {
            $Simple = '^(\$env:' + $Name + '|\$\{env:' + $Name + '\})\s*=\s*' + $Value + '\s*;?\s*(#.*)?$'
            if ($Apart -and $Bare -match $Simple) {
                $script:Edit.Text[$Each] = '# ' + $script:Edit.Text[$Each]
                Add-Note ('  line ' + $Each + ': a comment now: $env:' + $Name)
                break
            }
            if (Test-Naming $Bare $Name) {
                Add-Note ('  line ' + $Each + ': names ' + $Name + ': take out by hand what sets it')
            }
        }
    }
}

function Clear-Variables([int]$Number, [string[]]$Names) {
    $Taken = ': would be taken out of '
    if ($Apply) { $Taken = ': taken out of ' }
    $Profiles = @($PROFILE.CurrentUserAllHosts, $PROFILE.CurrentUserCurrentHost) | Select-Object -Unique
    foreach ($Path in $Profiles) {
        Open-File $Number $Path
        Find-Startup $Names
        Close-File -Quietly
        $Number++
    }
    $Here = New-Object System.Collections.ArrayList
    foreach ($Name in $Names) {
        if (Test-Path -LiteralPath ('Env:' + $Name)) { [void]$Here.Add($Name) }
        if ($null -ne [Environment]::GetEnvironmentVariable($Name, 'User')) {
            if ($Apply) { [Environment]::SetEnvironmentVariable($Name, [NullString]::Value, 'User') }
            Write-Host ($Name + $Taken + 'this user''s environment, where setx put it')
        }
        if ($null -ne [Environment]::GetEnvironmentVariable($Name, 'Machine')) {
            Write-Host ($Name + ': set for all users of this machine: an administrator takes it out')
        }
    }
    if ($Here.Count -eq 0) {
        Write-Host ('In this window none of these is set: ' + ($Names -join ' '))
    } elseif ($Window -ceq 'another') {
        Write-Host 'Set in the window that starts this, which no script started by powershell can change. Type there:'
        Write-Host ('  Remove-Item Env:' + ($Here -join ', Env:'))
        Write-Host ('  (cmd: set "' + ($Here -join '=" & set "') + '=")')
    } elseif ($Window -ceq 'this' -or -not $Apply) {
        foreach ($Name in $Here) {
            if ($Apply) { Remove-Item -LiteralPath ('Env:' + $Name) }
            Write-Host ($Name + $Taken + 'this window')
        }
    }
}

function Set-Value([string]$Name, [string]$Value) {
    # The batch file sets what cmd can write.
    $ToType = $Window -ceq 'another' -or ($Window -cne 'this' -and $Value -cmatch '[^ -~]|"')
    if ([Environment]::GetEnvironmentVariable($Name) -ceq $Value) {
        Write-Host ($Name + ': right already in this window')
    } elseif ($ToType) {
        Write-Host 'To be set in the window that starts this. Type there:'
        Write-Host ('  $env:' + $Name + ' = ''' + ($Value -creplace '([''\u2018-\u201b])', '$1$1') + '''')
        Write-Host ('  (cmd: set "' + $Name + '=' + $Value + '")')
    } elseif (-not $Apply) {
        Write-Host ($Name + ': would be set in this window')
    } elseif ($Window -ceq 'this') {
        [Environment]::SetEnvironmentVariable($Name, $Value)
        Write-Host ($Name + ': set in this window')
    }
}

# Somebody has to do it: the first line says what it is about.
function Show-ByHand([string]$What, [string[]]$Lines) {
    Write-Host ''
    Write-Host ('By hand: ' + $What)
    foreach ($Line in $Lines) { Write-Host ('  ' + $Line) }
}

# Where the symbolic links lead.
function Get-Target([string]$Path) {
    for ($Each = 0; $Each -lt 40; $Each++) {
        $Item = Get-Item -LiteralPath $Path -Force
        if ($Item.LinkType -cne 'SymbolicLink') { return $Path }
        $Path = [IO.Path]::Combine([IO.Path]::GetDirectoryName($Path), [string]@($Item.Target)[0])
    }
    throw 'its links lead in a circle'
}

function Save-File($Edit) {
    $Path = $Edit.Path
    if ($Edit.To -cne '') {
        [IO.File]::Move($Path, $Edit.To)
        Write-Host ('renamed ' + $Edit.Shown)
        return
    }
    # What moves out of a file stays in it until it stands in the other.
    if ($Edit.Into -gt 0 -and -not $Edits[$Edit.Into].Done) {
        Write-Host ($Edit.Shown + ' keeps what would have moved out of it: left alone')
        $script:Failed = 1
        return
    }
    if (-not $Edit.Present) {
        [IO.File]::WriteAllBytes($Path, $Edit.New)
        $Edit.Done = $true
        Write-Host ('wrote ' + $Edit.Shown)
        return
    }
    if ($Latin.GetString([IO.File]::ReadAllBytes($Path)) -cne $Latin.GetString($Edit.Old)) {
        Write-Host ($Edit.Shown + ' has changed in the meantime: left alone')
        $script:Failed = 1
        return
    }
    $Real = Get-Target $Path
    $Backup = $Path + '.bak-' + $Stamp
    while ([IO.File]::Exists($Backup)) { $Backup += '+' }
    $Beside = $Real + '.fix-' + $PID
    try {
        if ($OnWindows) {
            [IO.File]::WriteAllBytes($Beside, $Edit.New)
            # One step that keeps the access rights of the file, and the file itself as the backup: on its own drive first.
            $Aside = $Backup
            if ($Real -cne $Path) { $Aside = $Real + '.old-' + $PID }
            [IO.File]::Replace($Beside, $Real, $Aside)
            if ($Aside -cne $Backup) { [IO.File]::Move($Aside, $Backup) }
        } else {
            & '/bin/cp' -p $Real $Backup
            & '/bin/cp' -p $Real $Beside
            if (-not [IO.File]::Exists($Backup)) { throw 'there is no backup' }
            [IO.File]::WriteAllBytes($Beside, $Edit.New)
            & '/bin/mv' -f $Beside $Real 2>$null
            # A file that is mounted by itself keeps its place.
            if ([IO.File]::Exists($Beside)) { [IO.File]::WriteAllBytes($Real, $Edit.New) }
        }
    } finally {
        if ([IO.File]::Exists($Beside)) { [IO.File]::Delete($Beside) }
    }
    $Edit.Done = $true
    Write-Host ('changed ' + $Edit.Shown + ', backup ' + [IO.Path]::GetFileName($Backup))
}

@PLAN@

Write-Host ''
if ($Changed.Count -eq 0) {
    Write-Host 'Nothing to do in files.'
} elseif (-not $Apply) {
    Write-Host 'Nothing was changed. To do it, say -Apply.'
} else {
    # What was moved into a file is there before it goes from the other.
    $Changed.Reverse()
    foreach ($Number in $Changed) {
        try {
            Save-File $Edits[$Number]
        } catch {
            Write-Host ($Edits[$Number].Shown + ' could not be changed: ' + $_.Exception.GetBaseException().Message)
            $script:Failed = 1
        }
    }
    Write-Host 'Check again; when all is well, delete the backups: they hold what the files held.'
}
if ($MyInvocation.InvocationName -ne '.' -or $Window -cne 'this') { exit $script:Failed }
