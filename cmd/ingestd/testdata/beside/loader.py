"""Copies the phone calls of a span into PostgreSQL with requests and psycopg2.

The environment says from where, by TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE and
CALLS_URL, and to where, by DATABASE_URL. A page is a transaction.
"""

import json
import os
import re

import psycopg2
import psycopg2.extras
import requests

MEMBERS = """id callId userId userPrincipalName userDisplayName startDateTime endDateTime duration callType
    callerNumber calleeNumber charge connectionCharge currency conferenceId destinationContext destinationName
    inventoryType licenseCapability operator callDurationSource usageCountryCode tenantCountryCode
    otherPartyCountryCode administrativeUnitInfos""".split()
COLUMNS = [re.sub(r"([A-Z])", r"_\1", member).lower() for member in MEMBERS]
UPSERT = "INSERT INTO pstn_calls ({}) VALUES %s ON CONFLICT (id) DO UPDATE SET {}".format(
    ", ".join(COLUMNS), ", ".join(f"{column} = excluded.{column}" for column in COLUMNS[1:]))


def row(call):
    values = [call.get(member) for member in MEMBERS]
    if values[-1] is not None:
        values[-1] = json.dumps(values[-1])
    return values


graph = requests.Session()
answer = graph.post(os.environ["TOKEN_URL"], data={
    "grant_type": "client_credentials", "client_id": os.environ["CLIENT_ID"],
    "client_secret": os.environ["CLIENT_SECRET"], "scope": os.environ["SCOPE"]})
answer.raise_for_status()
graph.headers["Authorization"] = "Bearer " + answer.json()["access_token"]

database = psycopg2.connect(os.environ["DATABASE_URL"])
url = os.environ["CALLS_URL"]
while url:
    answer = graph.get(url)
    answer.raise_for_status()
    page = answer.json()
    with database, database.cursor() as cursor:
        rows = {call["id"]: row(call) for call in page["value"]}
        psycopg2.extras.execute_values(cursor, UPSERT, rows.values(), page_size=1000)
    url = page.get("@odata.nextLink")
