"""What a torch model comes from: files and classes, read to a module or its weights; nothing executes that nobody vouched for. Imports no torch by itself."""
