"""Reports: summaries, pictures and the HTML page of a deployment."""
