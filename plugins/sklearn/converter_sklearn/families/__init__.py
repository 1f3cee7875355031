"""What this plugin knows of scikit-learn's estimators: a module for each of scikit-learn's own, and in it the Writers of its classes."""
