"""Generated rooms: images, class ids and exact metric depth."""
