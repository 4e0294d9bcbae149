"""What must be: the guide's requirements, the failure modes, and the checks that judge evidence by them."""
