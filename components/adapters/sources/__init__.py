"""Where interactions and items come from: files, SQL, MovieLens, film people, vectors."""
