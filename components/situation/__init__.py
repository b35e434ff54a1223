"""What a request says of its situation (part of the day, day of the week), and what logs show that this changes."""
