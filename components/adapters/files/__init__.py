"""Files that people read and write: params.yaml, and answers as Parquet."""
