"""What people say of the service: ratings of finished matters (好差评) and complaints (投诉). Knows no diagram."""
