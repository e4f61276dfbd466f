"""What leaves the house on paper or as files: letters, documents, exports, films, bundles."""
