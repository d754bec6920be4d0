"""免申即享: who gets a measure without applying, on verified facts alone, and how far each of them has come."""
