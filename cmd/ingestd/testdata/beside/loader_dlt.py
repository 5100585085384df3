"""Copies the phone calls of a span into PostgreSQL with dlt: its REST source, and a merge.

The environment says from where, by TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE and
CALLS_URL, and to where, by DATABASE_URL. dlt keeps its work in the current folder.
"""

import os
from urllib.parse import urlsplit

import dlt
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.rest_api import rest_api_source

calls = urlsplit(os.environ["CALLS_URL"])
source = rest_api_source({
    "client": {
        "base_url": f"{calls.scheme}://{calls.netloc}/",
        "auth": OAuth2ClientCredentials(
            access_token_url=os.environ["TOKEN_URL"], client_id=os.environ["CLIENT_ID"],
            client_secret=os.environ["CLIENT_SECRET"], access_token_request_data={"scope": os.environ["SCOPE"]}),
        "paginator": {"type": "json_link", "next_url_path": "['@odata.nextLink']"},
    },
    "resources": [{
        "name": "pstn_calls",
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {"path": calls.path.lstrip("/"), "data_selector": "value"},
    }],
})
pipeline = dlt.pipeline("teams", destination=dlt.destinations.postgres(os.environ["DATABASE_URL"]),
                        dataset_name="loaded", pipelines_dir=os.getcwd())
pipeline.run(source)
