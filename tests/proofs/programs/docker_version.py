import docker
import local

client = docker.DockerClient(base_url="unix://" + local.docker(), version="auto")
print(client.version()["Version"])
