"""Further fronts of the dispatcher: SOAP and MQTT (CJJ/T 312 §6.1.4)."""
