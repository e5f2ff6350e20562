#requires -Version 7.0
#requires -Modules Az.Accounts
<#
.SYNOPSIS
Exports tables of Azure Resource Graph, for argql: all pages, each table checked to be complete.
.DESCRIPTION
Without a scope it is the whole tenant. Policies that are assigned, and exemptions that are made, at a management group
come along only with the tenant, with that group or with one above it: never with subscriptions alone.

A table becomes a folder of pages as Resource Graph sends them: export/resources/resources-0001.json and so on. Its pages
are gathered in a hidden folder, which takes the table's place once all of them are there: whatever happens on the way,
what was there before stays, and running it again is safe.

Exit codes: 0 all tables complete, 1 a table could not be fetched, 2 usage or not signed in, 3 a table does not have as
many rows as Azure says.
.EXAMPLE
./export.ps1 -Output export -ManagementGroup corp
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0, ValueFromRemainingArguments)] [ValidatePattern('^[A-Za-z]+$')] [string[]] $Table = @(@TABLES@),
    # Only what is in and beneath these management groups, at most ten.
    [string[]] $ManagementGroup = @(),
    # Only what is in these subscriptions, at most 1,000.
    [string[]] $Subscription = @(),
    # Where to put a folder per table.
    [string] $Output = 'export'
)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# How often a page is asked for while the service is busy, and when something else went wrong on the way.
$patience = 10
$tries = 4

function Say([string] $text) { [Console]::Error.WriteLine($text) }

function Stop-Usage([string] $text) {
    Say "error: $text"
    exit 2
}

# The seconds that a response says to wait, or those that were planned.
function Get-Pause($response, [int] $planned) {
    $after = $response.Headers.RetryAfter
    if ($null -ne $after -and $null -ne $after.Delta) { return [Math]::Ceiling($after.Delta.TotalSeconds) }
    if ($response.Headers.Contains('x-ms-user-quota-resets-after')) {
        $left = [TimeSpan]::Parse(@($response.Headers.GetValues('x-ms-user-quota-resets-after'))[0])
        return [Math]::Ceiling($left.TotalSeconds)
    }
    return $planned
}

# One page as text, asked for again while the service is busy. Invoke-AzRestMethod hands the text on untouched, where
# Search-AzGraph would make objects of it that ConvertTo-Json writes with other dates and without what is nested deep.
function Get-Page([string] $name, [string] $token) {
    $options = @{ resultFormat = 'objectArray'; '$top' = 1000 }
    if ($token) { $options['$skipToken'] = $token }
    $request = @{ query = "$name | order by id asc"; options = $options }
    if ($ManagementGroup.Count -gt 0) { $request.managementGroups = $ManagementGroup }
    if ($Subscription.Count -gt 0) { $request.subscriptions = $Subscription }
    $payload = ConvertTo-Json -InputObject $request -Depth 5 -Compress
    $path = '/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01'
    $pause = 5
    for ($try = 1; ; $try++) {
        $response = Invoke-AzRestMethod -Method POST -Path $path -Payload $payload
        if ($response.StatusCode -eq 200) { return $response.Content }
        $busy = $response.StatusCode -eq 429
        if (-not $busy -and $response.StatusCode -lt 500) { throw "status $($response.StatusCode): $($response.Content)" }
        $limit = if ($busy) { $patience } else { $tries }
        if ($try -ge $limit) { throw "status $($response.StatusCode), $try times: given up" }
        $wait = Get-Pause $response $pause
        Say "${name}: status $($response.StatusCode), trying again in $wait s"
        Start-Sleep -Seconds $wait
        $pause = [Math]::Min($pause * 2, 60)
    }
}

# All pages of a table, into a folder. The files on disk are what is counted.
function Save-Table([string] $name, [string] $folder) {
    if (Test-Path -LiteralPath $folder) { Remove-Item -LiteralPath $folder -Recurse -Force }
    $null = New-Item -ItemType Directory -Path $folder
    $done = @{ Rows = 0; Total = 0; Pages = 0; Changed = $false }
    $token = ''
    do {
        $done.Pages++
        $file = Join-Path $folder ('{0}-{1:d4}.json' -f $name, $done.Pages)
        [IO.File]::WriteAllText($file, (Get-Page $name $token))
        $document = [Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText($file))
        try {
            $page = $document.RootElement
            $rows = $page.GetProperty('data').GetArrayLength()
            $total = $page.GetProperty('totalRecords').GetInt64()
            $next = ''
            foreach ($property in $page.EnumerateObject()) {
                if ($property.Name -ceq '$skipToken') { $next = [string] $property.Value.GetString() }
            }
        }
        finally { $document.Dispose() }
        if ($done.Pages -gt 1 -and $total -ne $done.Total) { $done.Changed = $true }
        $done.Total = $total
        $done.Rows += $rows
        Say "${name}: page $($done.Pages), $($done.Rows) of $total rows"
        if ($next -and ($next -ceq $token -or $rows -eq 0)) { throw 'the pages do not end' }
        $token = $next
    } while ($token)
    return $done
}

if ($ManagementGroup.Count -gt 0 -and $Subscription.Count -gt 0) {
    Stop-Usage 'management groups and subscriptions exclude each other'
}
if ($ManagementGroup.Count -gt 10) { Stop-Usage 'Resource Graph takes at most ten management groups at a time' }
if ($Subscription.Count -gt 1000) { Stop-Usage 'Resource Graph takes at most 1,000 subscriptions at a time' }
if ($null -eq (Get-AzContext)) { Stop-Usage 'not signed in: run Connect-AzAccount' }

# .NET has a working folder of its own: only whole paths mean the same to it.
$Output = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Output)
$null = New-Item -ItemType Directory -Path $Output -Force
$Table = @($Table | ForEach-Object { $_.ToLowerInvariant() })
foreach ($name in $Table) {
    $kept = Join-Path $Output ".$name.old"
    $place = Join-Path $Output $name
    if ((Test-Path -LiteralPath $kept) -and -not (Test-Path -LiteralPath $place)) {
        Move-Item -LiteralPath $kept -Destination $place
    }
    $stray = "^$name([-_.](part|page)?[-_]?[0-9]+)?\.(json|ndjson|jsonl|csv)(\.(gz|zst))?$"
    foreach ($file in Get-ChildItem -LiteralPath $Output -File) {
        if ($file.Name -match $stray) {
            Stop-Usage "$($file.FullName) would count as another page of ${name}: move it away first"
        }
    }
}

$code = 0
$part = Join-Path $Output ".part.$PID"
try {
    foreach ($name in $Table) {
        try {
            $done = Save-Table $name $part
            # Rows came or went between two pages: once more may be quiet.
            if ($done.Rows -ne $done.Total) {
                Say "${name}: $($done.Rows) rows of $($done.Total), once more from the start"
                $done = Save-Table $name $part
            }
        }
        catch {
            Say "${name}: $_"
            '{0,-28} not fetched; what was there before is as it was' -f $name
            $code = 1
            continue
        }
        $kept = Join-Path $Output ".$name.old"
        $place = Join-Path $Output $name
        if (Test-Path -LiteralPath $kept) { Remove-Item -LiteralPath $kept -Recurse -Force }
        if (Test-Path -LiteralPath $place) { Move-Item -LiteralPath $place -Destination $kept }
        Move-Item -LiteralPath $part -Destination $place
        if (Test-Path -LiteralPath $kept) { Remove-Item -LiteralPath $kept -Recurse -Force }
        $state = 'complete'
        if ($done.Rows -ne $done.Total) {
            $state = "INCOMPLETE: Azure says $($done.Total)"
            if ($code -eq 0) { $code = 3 }
        }
        elseif ($done.Changed) { $state = 'complete by count, but rows came or went meanwhile' }
        '{0,-28} {1,9} rows, pages: {2}, {3}' -f $name, $done.Rows, $done.Pages, $state
    }
}
finally {
    if (Test-Path -LiteralPath $part) { Remove-Item -LiteralPath $part -Recurse -Force }
}
exit $code
