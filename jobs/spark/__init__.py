"""What Spark does in place of the pipeline's stages, where data outgrow one machine."""
