"""What must start without NumPy, which importing samebytes imports: the command samebytes, and the plugin of pytest."""
