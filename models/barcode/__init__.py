"""Product barcodes: EAN-13, UPC-A, EAN-8 and UPC-E read from photos, each with how certain it is."""
