#!/usr/bin/env bash
# Copies the phone calls of a span into PostgreSQL with curl, jq and psql. The
# environment says from where, by TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE and CALLS_URL,
# and to where, by DATABASE_URL.
set -euo pipefail
cd "$(dirname "$0")"

token=$(curl -sS --fail "$TOKEN_URL" --data-urlencode grant_type=client_credentials \
	--data-urlencode "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET" \
	--data-urlencode "scope=$SCOPE" | jq -r .access_token)
page=$(mktemp)
trap 'rm "$page"' EXIT

url=$CALLS_URL
while [ -n "$url" ]; do
	curl -sS --fail --compressed -H "Authorization: Bearer $token" -o "$page" "$url"
	jq -r '.value[] | [.id, .callId, .userId, .userPrincipalName, .userDisplayName, .startDateTime, .endDateTime,
		.duration, .callType, .callerNumber, .calleeNumber, .charge, .connectionCharge, .currency, .conferenceId,
		.destinationContext, .destinationName, .inventoryType, .licenseCapability, .operator, .callDurationSource,
		.usageCountryCode, .tenantCountryCode, .otherPartyCountryCode,
		(.administrativeUnitInfos | if . then tojson else . end)] | @csv' "$page"
	url=$(jq -r '."@odata.nextLink" // empty' "$page")
done | psql --quiet --no-psqlrc --dbname "$DATABASE_URL" --file upsert.sql
