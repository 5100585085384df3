"""Makes a bucket, or fetches what is in it, by pyarrow's own clients.

    bucket.py make s3|azure ADDRESS BUCKET
    bucket.py fetch s3|azure ADDRESS BUCKET/PATH FOLDER
"""

import sys

from pyarrow import fs

AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def connect(kind, address):
    if kind == "s3":
        return fs.S3FileSystem(
            access_key="id", secret_key="any", region="us-east-1", scheme="http", endpoint_override=address,
            allow_bucket_creation=True)
    return fs.AzureFileSystem(
        "devstoreaccount1", account_key=AZURITE_KEY, blob_storage_authority=address, dfs_storage_authority=address,
        blob_storage_scheme="http", dfs_storage_scheme="http")


verb, kind, address, path = sys.argv[1:5]
bucket = connect(kind, address)
if verb == "make":
    bucket.create_dir(path)
else:
    fs.copy_files(path, sys.argv[5], source_filesystem=bucket, destination_filesystem=fs.LocalFileSystem())
