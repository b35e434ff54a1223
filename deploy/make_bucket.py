"""Makes an S3 bucket once the store answers: `make_bucket.py NAME`; address and keys come from AWS_* variables."""

from __future__ import annotations

import sys
import time

SECONDS = 60.0


def main(name: str) -> None:
    """Make the bucket, or leave it as it is."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.client("s3")
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            if name not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
                client.create_bucket(Bucket=name)
            return
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                sys.exit(f"the bucket {name} cannot be made: {error}")
            time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1])
