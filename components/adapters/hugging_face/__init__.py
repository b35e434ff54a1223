"""Small language models from folders in the form of Hugging Face: opened, tuned, saved, and asked as rerankers."""
