"""What is asked: pydantic models of the files in ``config/``; opens no image."""
