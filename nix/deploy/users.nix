# The users that the images' programs run as: numbers, so that a runtime can see that none is root.
{
  service = 10001;
  edge = 10002;
}
