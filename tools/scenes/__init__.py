"""Product pictures for the simulator: invented labels, drawn flat and then photographed by a modelled camera."""
