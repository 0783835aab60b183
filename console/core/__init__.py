"""What every page of the console needs: the services' answers, two times, forms and refusals, words and templates."""
