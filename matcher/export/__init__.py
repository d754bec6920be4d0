"""Result rows as files for people (XLSX, CSV) and for programs (Parquet, JSON lines)."""
